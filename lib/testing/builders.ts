import type {
  ConfigMap,
  Draft,
  KubeObject,
  LabelSelector,
  Lease,
  Namespace,
  ObjectMeta,
  Secret,
} from "../k8s/types.ts";
import { drainLabel, drainValue, leaseRingLabel, shardLabel, stopByAnnotation } from "../sharding/names.ts";
import { type ControllerRing, controllerRings, type ControllerRingSpec } from "../sharding/ring_types.ts";
import { formatStopProof } from "../sharding/stop_proof.ts";
import { leases } from "../k8s/kinds/coordination.ts";
import { configMaps, namespaces, secrets } from "../k8s/kinds/core.ts";
import { apiVersionOf, type Resource } from "../k8s/api/resource.ts";
import { formatMicroTime } from "../util/micro_time.ts";
import type { ResourceName } from "./requests.ts";

/** When the time of a stage begins unless it is told otherwise: milliseconds since the Unix epoch. */
export const stageStart: number = Date.parse("2026-01-01T00:00:00Z");

/** Fields that all builders take. */
export interface ObjectFields {
  /** Name of the object. @default the builder's own name */
  readonly name?: string;
  /** Namespace of the object. @default "default"; cluster-scoped objects have none */
  readonly namespace?: string;
  /** Labels of the object. @default none */
  readonly labels?: Readonly<Record<string, string>>;
  /** Annotations of the object. @default none */
  readonly annotations?: Readonly<Record<string, string>>;
  /** All other metadata; it goes before what the fields above say. */
  readonly metadata?: ObjectMeta;
}

/** Fields of a {@link lease}. */
export interface LeaseFields extends ObjectFields {
  /** Who holds it; "" for a released one. @default the Lease's name */
  readonly holder?: string;
  /** For how long a renewal is good, in seconds. @default 15 */
  readonly duration?: number;
  /** When it was last renewed: milliseconds since the Unix epoch. @default the beginning of a stage's time */
  readonly renewedAt?: number;
  /** When the holder got it. @default renewedAt */
  readonly acquiredAt?: number;
  /** How often it changed hands. @default 0 */
  readonly transitions?: number;
  /** All other fields; they go before what the fields above say. */
  readonly spec?: Lease["spec"];
}

/** Fields of a {@link shardLease}. */
export interface ShardLeaseFields extends LeaseFields {
  /** Name of the ControllerRing. @default "ring" */
  readonly ring?: string;
  /**
   * After how many seconds since its renewal the shard proves to have stopped, as this library's shards do; then the
   * sharder need not wait as long before it takes over. @default no proof, as in shards of other libraries
   */
  readonly stopsAfter?: number;
}

/** A Lease: by default of holder "lease", renewed at the beginning of the stage's time, good for 15 s. */
export function lease(fields: LeaseFields = {}): Draft<Lease> {
  const { name = "lease", duration = 15, renewedAt = stageStart, transitions = 0, spec } = fields;
  const { holder = name, acquiredAt = renewedAt } = fields;
  return {
    ...typeOf(leases),
    metadata: metadataOf({ namespace: "default", ...fields, name }),
    spec: {
      holderIdentity: holder,
      leaseDurationSeconds: duration,
      acquireTime: formatMicroTime(acquiredAt),
      renewTime: formatMicroTime(renewedAt),
      leaseTransitions: transitions,
      ...spec,
    },
  };
}

/** The Lease of a shard that is no process of the test: a {@link lease} with the label of its ring. */
export function shardLease(fields: ShardLeaseFields = {}): Draft<Lease> {
  const { ring: ringName = "ring", name = "shard", renewedAt = stageStart, stopsAfter } = fields;
  const stopBy = renewedAt + 1_000 * (stopsAfter ?? 0);
  const proof = stopsAfter === undefined
    ? {}
    : { [stopByAnnotation]: formatStopProof({ renewTime: formatMicroTime(renewedAt), stopBy }) };
  return lease({
    ...fields,
    name,
    labels: { [leaseRingLabel]: ringName, ...fields.labels },
    annotations: { ...proof, ...fields.annotations },
  });
}

/** A sharded resource: alone, or with the resources whose objects follow their controller. */
export type RingResourceFields =
  | ResourceName
  | { readonly main: ResourceName; readonly controlled: readonly ResourceName[] };

/** Fields of a {@link ring}. */
export interface RingFields extends Omit<ObjectFields, "namespace"> {
  /** What is sharded: resources such as `secrets` of this package. @default Secrets and the ConfigMaps they control */
  readonly resources?: readonly RingResourceFields[];
  /** Which namespaces belong to the ring. @default all namespaces but those of the cluster itself and of the sharder */
  readonly namespaceSelector?: LabelSelector;
  /** All of the spec, in place of what the fields above say. */
  readonly spec?: ControllerRingSpec;
}

/** A ControllerRing: by default `ring`, for Secrets and the ConfigMaps that they control. */
export function ring(fields: RingFields = {}): Draft<ControllerRing> {
  const { name = "ring", resources = [{ main: secrets, controlled: [configMaps] }], namespaceSelector } = fields;
  const {
    spec = {
      resources: resources.map(ringResource),
      ...(namespaceSelector === undefined ? {} : { namespaceSelector }),
    },
  } = fields;
  return { ...typeOf(controllerRings), metadata: metadataOf({ ...fields, name }), spec };
}

/** Fields of a {@link secret} or {@link configMap}. */
export interface DataFields extends ObjectFields {
  /** Plain texts by key. @default none */
  readonly data?: Readonly<Record<string, string>>;
}

/** A Secret: by default `secret` in namespace `default`, without data. */
export function secret(fields: DataFields = {}): Draft<Secret> {
  const { name = "secret", data = {} } = fields;
  const encoder = new TextEncoder();
  const encoded = Object.entries(data).map(([key, text]) => [key, encoder.encode(text).toBase64()]);
  const metadata = metadataOf({ namespace: "default", ...fields, name });
  return { ...typeOf(secrets), metadata, data: Object.fromEntries(encoded) };
}

/** A ConfigMap: by default `config-map` in namespace `default`, without data. */
export function configMap(fields: DataFields = {}): Draft<ConfigMap> {
  const { name = "config-map", data = {} } = fields;
  const metadata = metadataOf({ namespace: "default", ...fields, name });
  return { ...typeOf(configMaps), metadata, data: { ...data } };
}

/** A Namespace: by default `namespace`. */
export function namespace(fields: Omit<ObjectFields, "namespace"> = {}): Draft<Namespace> {
  const { name = "namespace" } = fields;
  return { ...typeOf(namespaces), metadata: metadataOf({ ...fields, name }) };
}

/** The labels of an object that belongs to a shard of a ring, for tests without a sharder. */
export function shardLabels(
  ringName: string,
  shard: string,
  { draining = false }: { readonly draining?: boolean } = {},
): Record<string, string> {
  return { [shardLabel(ringName)]: shard, ...(draining ? { [drainLabel(ringName)]: drainValue } : {}) };
}

function metadataOf({ name, namespace, labels, annotations, metadata }: ObjectFields): ObjectMeta {
  return {
    ...(name === undefined ? {} : { name }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(labels === undefined ? {} : { labels: { ...labels } }),
    ...(annotations === undefined ? {} : { annotations: { ...annotations } }),
    ...metadata,
  };
}

function typeOf<T extends KubeObject>(resource: Resource<T>): { readonly apiVersion: string; readonly kind: string } {
  return { apiVersion: apiVersionOf(resource), kind: resource.kind };
}

function ringResource(fields: RingResourceFields): NonNullable<ControllerRingSpec["resources"]>[number] {
  if (!("main" in fields)) return groupResource(fields);
  return { ...groupResource(fields.main), controlledResources: fields.controlled.map(groupResource) };
}

function groupResource({ group, plural }: ResourceName): { readonly group: string; readonly resource: string } {
  return { group, resource: plural };
}
