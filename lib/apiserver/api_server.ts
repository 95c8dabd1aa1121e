import type { RestClient } from "../k8s/contract.ts";
import type { Clock } from "../util/clock/mod.ts";
import type { Random } from "../util/random.ts";
import type { Admission } from "./admission/admission.ts";
import { type CallWebhook, MutatingWebhooks } from "./admission/webhooks.ts";
import type { Context } from "./context.ts";
import { DirectClient, type DirectClientOptions } from "./direct_client.ts";
import { storeNew } from "./handlers/create.ts";
import { route } from "./handlers/route.ts";
import { GarbageCollector } from "./garbage.ts";
import { randomUid } from "./uid.ts";
import { parseStored } from "./json.ts";
import { answerTables } from "./printers/mod.ts";
import type { Answer, Call } from "./request/call.ts";
import { builtinResources, customResourceDefinitions, namespaces } from "./resources/builtin.ts";
import { Registry } from "./resources/registry.ts";
import { type ServedResource, storageKey } from "./resources/served_resource.ts";
import type { Change } from "./store/change.ts";
import { Store } from "./store/store.ts";

/** Settings of an {@link ApiServer}. */
export interface ApiServerOptions {
  readonly clock: Clock;
  /** Makes uids and generated names. */
  readonly random: Random;
  /** What is served besides the built-in resources. */
  readonly resources?: readonly ServedResource[];
  /** Calls admission webhooks; without it MutatingWebhookConfigurations are stored, but nobody is asked. */
  readonly callWebhook?: CallWebhook;
  /** Delete the dependents of deleted objects, as kube-controller-manager does. @default true */
  readonly collectGarbage?: boolean;
  /** How many changes of each resource watches and old lists may reach back to. @default 10_000 */
  readonly historyLimit?: number;
  /** How many changes a watch may lag behind before it is cut. @default 4_096 */
  readonly watchBuffer?: number;
}

/** Lets everything pass. */
const admitAll: Admission = { admit: ({ object }) => object };

/**
 * An API server in memory, for tests, demonstrations and the simulation: it is no place for data that matters.
 * What a client sees follows kube-apiserver 1.36; what is not supported is refused with code 501.
 */
export class ApiServer implements Disposable {
  readonly #context: Context;
  readonly #closing = new AbortController();

  constructor(options: ApiServerOptions) {
    const { clock, random, resources = [], historyLimit = 10_000, watchBuffer = 4_096, callWebhook } = options;
    const store = new Store(historyLimit);
    const registry = new Registry([...builtinResources, ...resources]);
    const closing = this.#closing.signal;
    const shared = { clock, random, store, registry, closing, watchBuffer };
    this.#context = {
      ...shared,
      admission: callWebhook === undefined
        ? admitAll
        : new MutatingWebhooks(store, clock, () => randomUid(random), callWebhook),
      collectsGarbage: options.collectGarbage !== false,
    };
    if (this.#context.collectsGarbage) new GarbageCollector(shared).start();
    this.#serveDefined();
    for (const name of ["default", "kube-node-lease", "kube-public", "kube-system"]) this.#createNamespace(name);
  }

  /** resourceVersion of the last change. */
  get revision(): number {
    return this.#context.store.revision;
  }

  /** A connection. Each gets copies of its own of everything it reads. */
  client(options: DirectClientOptions = {}): RestClient {
    return new DirectClient((call) => this.handle(call), options);
  }

  /** Forgets all history: watches and lists from older resourceVersions get 410, as after a compaction of etcd. */
  compact(): void {
    this.#context.store.compact();
  }

  /** Ends all watches, as a restart of the server does. */
  close(): void {
    this.#closing.abort();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Answers one request: what all faces of the server come down to. @throws StatusError for a refusal */
  handle(call: Call): Answer | Promise<Answer> {
    return answerTables(this.#context, call, (each) => route(this.#context, each));
  }

  /** Serves what CustomResourceDefinitions define, from the moment on at which they are stored. */
  #serveDefined(): void {
    const { registry, store } = this.#context;
    store.collection(storageKey(customResourceDefinitions)).subscribe((change: Change) => {
      const { next } = change;
      if (next === undefined) registry.undefine(change.key);
      else registry.define(change.key, parseStored(next.json));
    });
  }

  #createNamespace(name: string): void {
    storeNew(this.#context, namespaces, { kind: "Namespace", apiVersion: "v1", metadata: { name } });
  }
}
