/**
 * The shapes of Kubernetes objects. Those that are public are written out here, as documentation shows them then; the
 * fields of the others come from `kubernetes-types`, and what it lacks is added by hand.
 */
import type { Event as EventFields } from "kubernetes-types/events/v1.d.ts";
import type {
  MutatingWebhook as MutatingWebhookFields,
  MutatingWebhookConfiguration as MutatingWebhookConfigurationFields,
  RuleWithOperations as RuleFields,
} from "kubernetes-types/admissionregistration/v1.d.ts";
import type { ObjectMeta, OwnerReference } from "./meta.ts";

export type {
  LabelSelector,
  LabelSelectorRequirement,
  ManagedFieldsEntry,
  ObjectMeta,
  OwnerReference,
} from "./meta.ts";
export type { WebhookClientConfig } from "kubernetes-types/admissionregistration/v1.d.ts";

/** Metadata of an object that has a name, as every object has that came from the API server. */
export type NamedMeta = ObjectMeta & { readonly name: string };

/** What all objects have in common. */
export interface KubeObject {
  /** Group and version, such as `apps/v1`; only the version for the core group. */
  readonly apiVersion: string;
  /** Such as `Secret`. */
  readonly kind: string;
  /** Name, labels and so on. */
  readonly metadata: NamedMeta;
}

/** An object as the API server returns it. */
export type Stored<Fields> = Omit<Fields, "apiVersion" | "kind" | "metadata"> & KubeObject;

/** An object to be written: its kind may be left to the resource, its name to `generateName`. */
export type Draft<T extends KubeObject> = Omit<T, "apiVersion" | "kind" | "metadata"> & {
  /** @default that of the resource */
  readonly apiVersion?: string;
  /** @default that of the resource */
  readonly kind?: string;
  /** Name, labels and so on. */
  readonly metadata: ObjectMeta;
};

/** Metadata only (`meta.k8s.io/v1`): what a metadata list or watch returns, under the object's own kind or this one. */
export type PartialObjectMetadata = KubeObject;

/** A claim that has to be renewed, or ends (`coordination.k8s.io/v1`). */
export interface Lease extends KubeObject {
  /** Who holds it, and since when. */
  spec?: LeaseSpec;
}

/** Who holds a Lease, and since when. Times are RFC 3339 with microseconds. */
export interface LeaseSpec {
  /** Who holds it; empty when it was released. */
  holderIdentity?: string;
  /** Seconds after the renewal at which others may take it. */
  leaseDurationSeconds?: number;
  /** When the holder got it. */
  acquireTime?: string;
  /** When the holder last renewed it. */
  renewTime?: string;
  /** How often it changed hands. */
  leaseTransitions?: number;
}

/** Confidential values by key (core `v1`). */
export interface Secret extends KubeObject {
  /** The values in base64. */
  data?: { [name: string]: string };
  /** Only in writes: values as plain text; the server moves them to `data`. */
  stringData?: { [name: string]: string };
  /** What it is for. @default "Opaque" */
  type?: string;
  /** May `data` never change again? */
  immutable?: boolean;
}

/** Values by key (core `v1`). */
export interface ConfigMap extends KubeObject {
  /** Values as text. */
  data?: { [name: string]: string };
  /** Values in base64 that are no text. */
  binaryData?: { [name: string]: string };
  /** May the values never change again? */
  immutable?: boolean;
}

/** A namespace (core `v1`). */
export interface Namespace extends KubeObject {
  /** What keeps it while it is terminated. */
  spec?: { finalizers?: string[] };
  /** Where it is in its life. */
  status?: {
    /** "Active" or "Terminating". */
    phase?: string;
    /** What holds up the termination. */
    conditions?: { type: string; status: string; reason?: string; message?: string; lastTransitionTime?: string }[];
  };
}

/** Which requests a webhook is called for; the package lacks two of the fields. */
export type RuleWithOperations = RuleFields & { readonly resources?: readonly string[]; readonly scope?: string };
/** One webhook of a configuration. */
export type MutatingWebhook = Omit<MutatingWebhookFields, "rules"> & { readonly rules?: readonly RuleWithOperations[] };
/** Webhooks that may change objects before they are stored (`admissionregistration.k8s.io/v1`). */
export type MutatingWebhookConfiguration = Omit<Stored<MutatingWebhookConfigurationFields>, "webhooks"> & {
  readonly webhooks?: readonly MutatingWebhook[];
};
/** An event of `events.k8s.io/v1`. */
export type KubeEvent = Stored<EventFields>;

/** A desired and an observed number of replicas (`autoscaling/v1`). */
export type Scale = KubeObject & {
  /** What is wanted. */
  readonly spec?: { readonly replicas?: number };
  /** What there is. */
  readonly status?: { readonly replicas: number; readonly selector?: string };
};

/** Name and namespace of an object; the namespace is empty for a cluster-scoped one. */
export interface ObjectKey {
  /** "" for a cluster-scoped object. */
  readonly namespace: string;
  /** Name of the object. */
  readonly name: string;
}

/** `namespace/name`, or only the name of a cluster-scoped object. */
export function formatKey(key: ObjectKey): string {
  return key.namespace === "" ? key.name : `${key.namespace}/${key.name}`;
}

/** The key of an object. */
export function keyOf(object: { readonly metadata: NamedMeta }): ObjectKey {
  return { namespace: object.metadata.namespace ?? "", name: object.metadata.name };
}

/** The reference to the object's controller, if it has one. */
export function controllerOf(metadata: ObjectMeta): OwnerReference | undefined {
  return metadata.ownerReferences?.find((reference) => reference.controller === true);
}
