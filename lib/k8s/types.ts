/**
 * The shapes of Kubernetes objects. Field types come from `kubernetes-types`; what it lacks is added by hand.
 */
import type { Lease as LeaseFields } from "kubernetes-types/coordination/v1.d.ts";
import type {
  ConfigMap as ConfigMapFields,
  Namespace as NamespaceFields,
  Secret as SecretFields,
} from "kubernetes-types/core/v1.d.ts";
import type { Event as EventFields } from "kubernetes-types/events/v1.d.ts";
import type { LabelSelector, ObjectMeta, OwnerReference } from "kubernetes-types/meta/v1.d.ts";
import type {
  MutatingWebhook as MutatingWebhookFields,
  MutatingWebhookConfiguration as MutatingWebhookConfigurationFields,
  RuleWithOperations as RuleFields,
} from "kubernetes-types/admissionregistration/v1.d.ts";

export type {
  LabelSelector,
  LabelSelectorRequirement,
  ObjectMeta,
  OwnerReference,
} from "kubernetes-types/meta/v1.d.ts";
export type { WebhookClientConfig } from "kubernetes-types/admissionregistration/v1.d.ts";

/** Metadata of an object that has a name, as every object has that came from the API server. */
export type NamedMeta = ObjectMeta & { readonly name: string };

/** What all objects have in common. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: NamedMeta;
}

/** An object as the API server returns it. */
export type Stored<Fields> = Omit<Fields, "apiVersion" | "kind" | "metadata"> & KubeObject;

/** An object to be written: its kind may be left to the resource, its name to `generateName`. */
export type Draft<T extends KubeObject> = Omit<T, "apiVersion" | "kind" | "metadata"> & {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
};

/** Metadata only (`meta.k8s.io/v1`): what a metadata list or watch returns, under the object's own kind or this one. */
export type PartialObjectMetadata = KubeObject;

export type Lease = Stored<LeaseFields>;
export type Secret = Stored<SecretFields>;
export type ConfigMap = Stored<ConfigMapFields>;
export type Namespace = Stored<NamespaceFields>;
/** Which requests a webhook is called for; the package lacks two of the fields. */
export type RuleWithOperations = RuleFields & { readonly resources?: readonly string[]; readonly scope?: string };
export type MutatingWebhook = Omit<MutatingWebhookFields, "rules"> & { readonly rules?: readonly RuleWithOperations[] };
export type MutatingWebhookConfiguration = Omit<Stored<MutatingWebhookConfigurationFields>, "webhooks"> & {
  readonly webhooks?: readonly MutatingWebhook[];
};
/** An event of `events.k8s.io/v1`. */
export type KubeEvent = Stored<EventFields>;

/** A desired and an observed number of replicas (`autoscaling/v1`). */
export type Scale = KubeObject & {
  readonly spec?: { readonly replicas?: number };
  readonly status?: { readonly replicas: number; readonly selector?: string };
};

/** Name and namespace of an object; the namespace is empty for a cluster-scoped one. */
export interface ObjectKey {
  readonly namespace: string;
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

/** A selector that selects everything, as the empty LabelSelector does. */
export const everything: LabelSelector = {};
