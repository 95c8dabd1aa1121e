import { objectAt, parseStored, stringAt } from "../json.ts";
import type { ServedResource } from "../resources/served_resource.ts";
import {
  type FieldRequirement,
  type LabelRequirement,
  matchesLabels,
  parseFieldSelector,
  parseLabelSelector,
} from "../selectors.ts";
import { type Range, rangeOf } from "../store/collection.ts";
import { recordKey, type StoredObject } from "../store/record.ts";

/** Which objects of a collection a request means. */
export class Selection {
  readonly #resource: ServedResource;
  readonly #namespace: string | undefined;
  readonly #labels: readonly LabelRequirement[];
  readonly #fields: readonly FieldRequirement[];

  /** @throws StatusError 400 when a selector cannot be read. */
  constructor(resource: ServedResource, namespace: string | undefined, labelSelector: string, fieldSelector: string) {
    this.#resource = resource;
    this.#namespace = namespace;
    this.#labels = parseLabelSelector(labelSelector);
    // Most cluster-scoped kinds of the server's own know the namespace too: it is empty.
    const knowsNamespace = resource.namespaced || (resource.custom !== true && resource.kind !== "Namespace");
    const known = ["metadata.name", ...(knowsNamespace ? ["metadata.namespace"] : [])];
    const labels = Object.keys(resource.fieldLabels ?? {});
    // Kinds with field labels of their own refuse others in fewer words; that of ReplicaSets is not for selectors.
    const generic = resource.custom !== true && (labels.length === 0 || resource.plural === "replicasets");
    this.#fields = parseFieldSelector(fieldSelector, new Set([...known, ...labels]), generic);
  }

  /** Does the selection leave out objects of its range? */
  get partial(): boolean {
    return this.#labels.length > 0 || this.#fields.length > 0;
  }

  /** Where to look. */
  get range(): Range {
    const name = this.#fields.find(({ field, equal }) => field === "metadata.name" && equal)?.value;
    if (name === undefined || (this.#resource.namespaced && this.#namespace === undefined)) {
      return rangeOf(this.#namespace);
    }
    const key = recordKey(this.#namespace ?? "", name);
    return { from: key, to: `${key}\0` };
  }

  /** Is the object meant? */
  matches(object: StoredObject): boolean {
    if (this.#namespace !== undefined && object.namespace !== this.#namespace) return false;
    if (!matchesLabels(this.#labels, object.labels)) return false;
    return this.#fields.every(({ field, equal, value }) => (this.#fieldOf(object, field) === value) === equal);
  }

  #fieldOf(object: StoredObject, field: string): string {
    if (field === "metadata.name") return object.name;
    if (field === "metadata.namespace") return object.namespace;
    const read = this.#resource.fieldLabels?.[field];
    const stored = parseStored(object.json);
    return read?.(this.#resource.shape?.read(stored) ?? stored) ?? stringAt(objectAt(stored, "metadata"), field);
  }
}
