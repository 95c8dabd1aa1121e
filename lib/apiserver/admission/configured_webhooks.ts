import type { JSONObject } from "../../k8s/contract.ts";
import { objectsAt, parseStored } from "../json.ts";
import { namespaces } from "../resources/builtin.ts";
import type { Registry } from "../resources/registry.ts";
import { type ServedResource, storageKey } from "../resources/served_resource.ts";
import { recordKey } from "../store/record.ts";
import type { Store } from "../store/store.ts";
import type { AdmissionAttempt } from "./admission.ts";
import { matchesConditions } from "./match_conditions.ts";
import { matchesNamespace, matchesObject, viewFor } from "./rules.ts";
import { equivalentViews, type View } from "./view.ts";

/** A webhook that is to be asked about an attempt. */
export interface Invocation {
  readonly webhook: JSONObject;
  readonly view: View;
}

/** The webhooks that the configurations of one kind in the store name. */
export class ConfiguredWebhooks {
  readonly #store: Store;
  readonly #registry: Registry;
  readonly #kind: ServedResource;
  /** Webhooks in the order in which they are called; undefined: to be read again. */
  #webhooks: readonly JSONObject[] | undefined;

  /** @param kind the kind of configuration */
  constructor(store: Store, registry: Registry, kind: ServedResource) {
    this.#store = store;
    this.#registry = registry;
    this.#kind = kind;
    store.collection(storageKey(kind)).subscribe(() => this.#webhooks = undefined);
  }

  /** The webhooks one of whose rules names the operation and resource, in order. */
  ruledFor(attempt: AdmissionAttempt): readonly Invocation[] {
    const { group, plural } = attempt.resource;
    const webhooks = this.#all();
    // The real server never asks webhooks about webhooks, lest a broken one could not be repaired.
    if (webhooks.length === 0 || (group === "admissionregistration.k8s.io" && plural.endsWith("configurations"))) {
      return [];
    }
    let views: readonly View[] | undefined;
    const others = (): readonly View[] => views ??= equivalentViews(attempt.resource, this.#registry);
    return webhooks.flatMap((webhook) => {
      const view = viewFor(webhook, attempt, others);
      return view === undefined ? [] : [{ webhook, view }];
    });
  }

  /** Do the webhook's selectors and conditions leave the attempt to it? @throws StatusError when a condition fails */
  wants({ webhook, view }: Invocation, attempt: AdmissionAttempt): boolean {
    return matchesNamespace(webhook, attempt, (name) => this.#labelsOf(name)) && matchesObject(webhook, attempt) &&
      matchesConditions(webhook, view, attempt);
  }

  #all(): readonly JSONObject[] {
    // In the order of the configurations' names, and within one in its own.
    this.#webhooks ??= [...this.#store.collection(storageKey(this.#kind)).range({ from: "" })]
      .flatMap(({ json }) => objectsAt(parseStored(json), "webhooks"));
    return this.#webhooks;
  }

  #labelsOf(namespace: string): JSONObject | undefined {
    const record = this.#store.collection(storageKey(namespaces)).get(recordKey("", namespace));
    return record === undefined ? undefined : { ...record.labels };
  }
}
