/**
 * What a watcher tells of a collection. `init` begins a complete account of the collection, `init_done` ends it; an
 * account that breaks off is followed by another `init`, and what it said so far is void. A `delete` inside an account
 * takes back an object of the same account. After `init_done` come single changes. (The model: kube-rs' watcher.)
 */
export type WatcherEvent<T> =
  | { readonly type: "init" }
  | { readonly type: "init_apply"; readonly object: T }
  | { readonly type: "init_done" }
  | { readonly type: "apply"; readonly object: T }
  | { readonly type: "delete"; readonly object: T };
