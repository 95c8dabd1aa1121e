import type { JSONValue } from "../../k8s/contract.ts";
import { planDeletion } from "../deletion.ts";
import { arrayAt, objectAt, parseStored } from "../json.ts";
import type { Collection } from "../store/collection.ts";
import type { StoredObject } from "../store/record.ts";
import type { Store } from "../store/store.ts";

/** Keeps an owner that is being deleted until its dependents are gone. */
export const foreground = "foregroundDeletion";

/** How controllers of the server's own delete. */
export interface BackgroundDeletion {
  readonly store: Store;
  readonly collection: Collection;
  readonly record: StoredObject;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Delete its dependents first? @default false */
  readonly foreground?: boolean;
}

/** Removes an object, or marks it when finalizers or a grace period keep it. */
export function deleteInBackground(deletion: BackgroundDeletion): void {
  const { store, collection, record, now } = deletion;
  const object = parseStored(record.json);
  const own = arrayAt(objectAt(object, "metadata"), "finalizers");
  const more: readonly JSONValue[] = deletion.foreground === true && !own.includes(foreground) ? [foreground] : [];
  const plan = planDeletion(object, { gracePeriodSeconds: undefined, finalizers: [...own, ...more], now });
  switch (plan.type) {
    case "pending":
      return;
    case "remove":
      store.remove(collection, record);
      return;
    case "mark": {
      const marked = store.put(collection, plan.object, record);
      if (plan.thenRemove) store.remove(collection, marked);
    }
  }
}
