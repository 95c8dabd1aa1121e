import { formatGroupResource, type GroupResource, isOptionalStringMap, type Resource } from "../k8s/api/resource.ts";
import type { KubeObject, LabelSelector } from "../k8s/types.ts";
import { ringGroup, systemNamespace } from "./names.ts";

/** A resource whose objects are spread over the ring's shards by their own name. */
export interface RingResource extends GroupResource {
  /** Resources whose objects follow their controller, an object of this resource. */
  readonly controlledResources?: readonly GroupResource[];
}

/** A condition of a ControllerRing (`metav1.Condition`). */
export interface RingCondition {
  /** Such as "Ready". */
  readonly type: string;
  /** "True", "False" or "Unknown". */
  readonly status: string;
  /** Why, in one word. */
  readonly reason: string;
  /** Why, for people. */
  readonly message: string;
  /** When the status last changed, RFC 3339. */
  readonly lastTransitionTime: string;
  /** Generation of the ring that it was judged by. */
  readonly observedGeneration?: number;
}

/** What a ring shards. */
export interface ControllerRingSpec {
  /** Main resources, each with those that follow. */
  readonly resources?: readonly RingResource[];
  /** Replaces the sharder's own selector; the empty one selects all namespaces. */
  readonly namespaceSelector?: LabelSelector;
}

/** What the sharder reports of a ring. */
export interface ControllerRingStatus {
  /** Shards with a Lease. */
  readonly shards: number;
  /** Shards that objects are assigned to. */
  readonly availableShards: number;
  /** Generation of the ring that the sharder has seen. */
  readonly observedGeneration?: number;
  /** Ready, and what else there is to say. */
  readonly conditions?: readonly RingCondition[];
}

/** A set of shards that share the objects of some resources (`sharding.timebertt.dev/v1alpha1`, cluster-scoped). */
export interface ControllerRing extends KubeObject {
  /** What the ring shards. */
  readonly spec?: ControllerRingSpec;
  /** What the sharder reports. */
  readonly status?: ControllerRingStatus;
}

/** ControllerRings. */
export const controllerRings: Resource<ControllerRing> = {
  group: ringGroup,
  version: "v1alpha1",
  plural: "controllerrings",
  kind: "ControllerRing",
  namespaced: false,
  is: isControllerRing,
};

/** How objects of a resource get their shard: by their own name, or from their controller. */
export type Role = "main" | "controlled";

/** Role of a resource in a ring; undefined when the ring does not shard it. A resource listed as both is a main one. */
export function roleOf(ring: ControllerRing, resource: GroupResource): Role | undefined {
  const resources = ring.spec?.resources ?? [];
  if (resources.some((main) => isSame(main, resource))) return "main";
  const controlled = resources.some((main) => main.controlledResources?.some((one) => isSame(one, resource)));
  return controlled ? "controlled" : undefined;
}

/** The ring's main resources, each once, in the order of the spec. */
export function mainResources(ring: ControllerRing): readonly GroupResource[] {
  return distinct(ring.spec?.resources ?? []);
}

/** The ring's controlled resources that are not main ones too, each once even when several main ones list it. */
export function controlledResources(ring: ControllerRing): readonly GroupResource[] {
  const controlled = (ring.spec?.resources ?? []).flatMap((main) => main.controlledResources ?? []);
  return distinct(controlled).filter((resource) => roleOf(ring, resource) === "controlled");
}

/** What rings select when nobody says otherwise: all namespaces but the cluster's own and the sharder's. */
export const usualNamespaces: LabelSelector = {
  matchExpressions: [
    { key: "kubernetes.io/metadata.name", operator: "NotIn", values: ["kube-system", systemNamespace] },
  ],
};

/** Which namespaces belong to a ring: the ring's own selector if it has one, else the sharder's. */
export function namespaceSelectorOf(ring: ControllerRing, fallback: LabelSelector): LabelSelector {
  return ring.spec?.namespaceSelector ?? fallback;
}

function isSame(a: GroupResource, b: GroupResource): boolean {
  return a.resource === b.resource && a.group === b.group;
}

function distinct(resources: readonly GroupResource[]): readonly GroupResource[] {
  const byName = new Map(resources.map(({ group, resource }) => [
    formatGroupResource({ group, resource }),
    { group, resource },
  ]));
  return [...byName.values()];
}

function isControllerRing(object: KubeObject & { spec?: unknown; status?: unknown }): object is ControllerRing {
  return isOptional(object.spec, isSpec) && isOptional(object.status, isStatus);
}

function isSpec(value: unknown): boolean {
  const fields = fieldsOf(value);
  return fields !== undefined && isOptionalList(fields.get("resources"), isRingResource) &&
    isOptional(fields.get("namespaceSelector"), isLabelSelector);
}

function isRingResource(value: unknown): boolean {
  return isGroupResource(value) && isOptionalList(fieldsOf(value)?.get("controlledResources"), isGroupResource);
}

function isGroupResource(value: unknown): boolean {
  const fields = fieldsOf(value);
  return isString(fields?.get("group")) && isString(fields?.get("resource"));
}

function isLabelSelector(value: unknown): boolean {
  const fields = fieldsOf(value);
  return fields !== undefined && isOptionalStringMap(fields.get("matchLabels")) &&
    isOptionalList(fields.get("matchExpressions"), isRequirement);
}

function isRequirement(value: unknown): boolean {
  const fields = fieldsOf(value);
  return isString(fields?.get("key")) && isString(fields?.get("operator")) &&
    isOptionalList(fields?.get("values"), isString);
}

function isStatus(value: unknown): boolean {
  const fields = fieldsOf(value);
  return fields !== undefined && isOptional(fields.get("shards"), Number.isInteger) &&
    isOptional(fields.get("availableShards"), Number.isInteger) &&
    isOptional(fields.get("observedGeneration"), Number.isInteger) &&
    isOptionalList(fields.get("conditions"), isCondition);
}

function isCondition(value: unknown): boolean {
  const fields = fieldsOf(value);
  return ["type", "status", "reason", "message", "lastTransitionTime"].every((name) => isString(fields?.get(name)));
}

function isOptional(value: unknown, is: (value: unknown) => boolean): boolean {
  return value === undefined || is(value);
}

function isOptionalList(value: unknown, is: (item: unknown) => boolean): boolean {
  return value === undefined || (Array.isArray(value) && value.every(is));
}

function isString(value: unknown): boolean {
  return typeof value === "string";
}

function fieldsOf(value: unknown): ReadonlyMap<string, unknown> | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return new Map<string, unknown>(Object.entries(value));
}
