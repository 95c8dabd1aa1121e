import type { JSONObject } from "../../k8s/contract.ts";
import type { Printer } from "../printers/column.ts";
import type { StructuralSchema } from "../schema/structural.ts";
import type { Cause } from "../status.ts";

/** How names of a resource are checked: a DNS subdomain, a DNS label, or anything that fits in a path. */
export type NameRule = "subdomain" | "label" | "path";

/** Paths of fields as in a CustomResourceDefinition's `subresources.scale`: names, from the object down. */
export interface ScaleFields {
  readonly specReplicas: readonly string[];
  readonly statusReplicas: readonly string[];
  /** A label selector: an object in kinds of the server's own, text in custom resources. Absent: it has none. */
  readonly selector?: readonly string[];
}

/** Everything the server has to know of one resource in one version. */
export interface ServedResource {
  /** API group; "" is the core group. */
  readonly group: string;
  readonly version: string;
  /** Plural name in paths. */
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  /** Is it defined by a CustomResourceDefinition? Those differ in small things. @default false */
  readonly custom?: boolean;
  /** The schema of a custom resource; without it, it may hold anything. Other kinds have theirs recorded. */
  readonly structural?: StructuralSchema;
  /** What can be done with it. @default everything */
  readonly verbs?: readonly string[];
  /** Does it have a status subresource, so that the main path ignores the status? @default false */
  readonly status?: boolean;
  /** Where its scale subresource finds what it shows; absent: it has none. */
  readonly scale?: ScaleFields;
  /** May a new object bring its status along? @default false */
  readonly keepsStatus?: boolean;
  /** Fields whose change counts up metadata.generation. Absent: the kind has no generation. */
  readonly generation?: readonly string[] | "all but status" | "all";
  /** May a PUT create the object? @default false */
  readonly createOnUpdate?: boolean;
  /** May a PUT leave the resourceVersion out? @default true, but never for custom resources */
  readonly unconditionalUpdate?: boolean;
  /** @default "subdomain" */
  readonly names?: NameRule;
  /** Resource whose objects these are in another shape (events of both groups). @default itself */
  readonly storedAs?: { readonly group: string; readonly plural: string };
  /** Turns a stored object into this shape, and back. */
  readonly shape?: {
    readonly read: (stored: JSONObject) => JSONObject;
    readonly write: (object: JSONObject) => JSONObject;
  };
  /** Sets defaults and brings fields into canonical form; works on the given object. Throws StatusError for what does not decode. */
  readonly normalize?: (object: JSONObject) => void;
  /** Completes a new object with what nobody owns; works on the given object. */
  readonly prepare?: (object: JSONObject) => void;
  /** Keeps what an update may leave out; works on the given object. */
  readonly keep?: (object: JSONObject, old: JSONObject) => void;
  /** What clients are warned of whenever they use it. */
  readonly warning?: string;
  /** Rules of this kind. `old` is absent on create. */
  readonly validate?: (object: JSONObject, old: JSONObject | undefined) => readonly Cause[];
  /** Fields that field selectors know besides metadata.name and metadata.namespace, with how to read them. */
  readonly fieldLabels?: Readonly<Record<string, (object: JSONObject) => string>>;
  /** How kubectl shows objects of a custom resource. The server's own kinds have theirs in printers/. */
  readonly printer?: Printer;
}

/** `group/plural`, the key under which a resource's objects are stored. */
export function storageKey(resource: Pick<ServedResource, "group" | "plural" | "storedAs">): string {
  const { group, plural } = resource.storedAs ?? resource;
  return `${group}/${plural}`;
}
