import { isInScope } from "../../controllers/sharder/scope.ts";
import type { Target } from "../../controllers/sharder/targets.ts";
import { ownerView } from "../../controllers/sharder/families/owner_lookup.ts";
import { apiVersionOf, formatGroupResource } from "../../lib/k8s/api/resource.ts";
import { controllerOf, type PartialObjectMetadata } from "../../lib/k8s/types.ts";
import { controlledKey, mainKey } from "../../lib/sharding/hash_key.ts";
import { hashOf } from "../../lib/sharding/hash_ring.ts";
import { brakesOf } from "../../lib/sharding/brakes.ts";
import { type Owner, type Plan, planFor } from "../../lib/sharding/plan.ts";
import type { ControllerRing } from "../../lib/sharding/ring_types.ts";
import { isLive, type RingView } from "../../lib/sharding/ring_view.ts";
import type { RingCommandContext } from "./context.ts";
import { findRing, listRings } from "./find_ring.ts";
import { formatData, isData } from "./output.ts";
import { readRing, type RingReading } from "./read_ring.ts";
import { allowed, RingCommandError } from "./ring_error.ts";

/** What is known of one object in one ring, as programs read it. */
export interface WhereaboutsData {
  readonly ring: string;
  readonly resource: string;
  readonly role: string;
  readonly object: string;
  /** What is hashed; "" for an object that belongs to no shard. */
  readonly key: string;
  /** xxHash64 of the key, hexadecimal. */
  readonly hash: string;
  /** The shard that the hash ring says; "" where there is none. */
  readonly wantedShard: string;
  /** The shard that the object is labelled with; "" for none. */
  readonly shard: string;
  /** What its Lease says; "unknown" without one. */
  readonly shardStatus: string;
  readonly draining: boolean;
  /** The object's controller, with its shard where that is one of the ring's main resources; "" for none. */
  readonly controller: string;
  readonly controllerShard: string;
  /** A live shard looks after it. */
  readonly owned: boolean;
  /** What the sharder will do about it. */
  readonly plan: Plan["type"];
  /** Why, for people. */
  readonly why: string;
}

/** Tells where an object is and why: in all rings that shard its resource, or in one. */
export async function whereis(
  context: RingCommandContext,
  kind: string,
  object: string,
  options: { readonly ring?: string },
): Promise<number> {
  const { output, parts } = context;
  const { namespace, name } = parseName(object);
  const rings = options.ring === undefined ? await listRings(context) : [await findRing(context, options.ring)];
  const found: WhereaboutsData[] = [];
  const known = new Set<string>();
  for (const ring of rings) {
    const reading = await readRing(context, ring);
    for (const target of reading.targets) {
      known.add(formatGroupResource(target.groupResource));
      if (!means(kind, target)) continue;
      found.push(await locate(context, reading, target, namespace, name));
    }
  }
  if (found.length === 0) {
    const where = options.ring === undefined ? "no ring shards" : `ring ${options.ring} does not shard`;
    const others = known.size === 0 ? "" : `; there are: ${[...known].sort().join(", ")}`;
    throw new RingCommandError(`${where} "${kind}"${others}`);
  }
  parts.stdout(isData(output) ? formatData(found, output) : found.map(describe).join("\n"));
  return found.every(({ owned, plan }) => owned || plan === "none") ? 0 : 1;
}

/** `namespace/name`, or the name alone of a cluster-scoped object. */
function parseName(text: string): { readonly namespace: string; readonly name: string } {
  const [first = "", second, ...others] = text.split("/");
  const [namespace, name] = second === undefined ? ["", first] : [first, second];
  if (others.length === 0 && name !== "" && (second === undefined || namespace !== "")) return { namespace, name };
  throw new RingCommandError(`"${text}" must be NAMESPACE/NAME, or NAME of a cluster-scoped object`, { exitCode: 2 });
}

/** As kubectl takes them: plural, kind or singular, with or without the group. */
function means(text: string, { resource: { group, plural, kind } }: Target): boolean {
  const wanted = text.toLowerCase();
  const names = [plural, kind.toLowerCase()];
  return names.some((name) => wanted === name || wanted === (group === "" ? name : `${name}.${group}`));
}

async function locate(
  { signal }: RingCommandContext,
  reading: RingReading,
  target: Target,
  namespace: string,
  name: string,
): Promise<WhereaboutsData> {
  const { ring, view } = reading;
  const { resource, role, objects, groupResource } = target;
  const plural = formatGroupResource(groupResource);
  if (resource.namespaced !== (namespace !== "")) {
    const form = resource.namespaced ? "lie in namespaces: write NAMESPACE/NAME" : "lie in no namespace: write NAME";
    throw new RingCommandError(`${plural} ${form}`, { exitCode: 2 });
  }
  const object = await allowed("get", plural, () => objects.inNamespace(namespace).find(name, { signal }));
  if (object === undefined) throw new RingCommandError(`there is no ${resource.kind} ${path(namespace, name)}`);
  const { owners } = reading;
  const { isClusterScoped } = owners;
  const key = role === "main" ? mainKey(resource, object.metadata) : controlledKey(object.metadata, isClusterScoped);
  const { shard = "", draining } = ownerView(object, view.ring);
  const owner: Owner = role === "controlled"
    ? await allowed("get", "the object's controller", () => owners.find(object, view.ring, signal))
    : "unknown";
  const planned = { metadata: object.metadata, group: resource.group, kind: resource.kind };
  const plan = planFor(planned, role, view, {
    mayJudgeUnknown: true,
    owner,
    isClusterScoped,
    paused: brakesOf(ring).paused,
  });
  const inScope = isInScope({ ...object, apiVersion: apiVersionOf(resource), kind: resource.kind }, reading.selects);
  return {
    ring: view.ring,
    resource: plural,
    role,
    object: path(namespace, name),
    key: key.type === "key" ? key.key : "",
    hash: key.type === "key" ? hashOf(key.key).toString(16).padStart(16, "0") : "",
    wantedShard: key.type === "key" ? view.shardFor(key.key) ?? "" : "",
    shard,
    shardStatus: shard === "" ? "" : view.statusOf(shard),
    draining,
    controller: controllerName(object),
    controllerShard: typeof owner === "string" ? "" : owner.shard ?? "",
    owned: shard !== "" && isLive(view.statusOf(shard)),
    plan: inScope ? plan.type : "none",
    why: inScope ? reasonFor(plan, ring, view) : `the ring does not select namespace ${namespace}`,
  };
}

function controllerName({ metadata }: PartialObjectMetadata): string {
  const reference = controllerOf(metadata);
  return reference === undefined ? "" : `${reference.kind}/${reference.name}`;
}

function path(namespace: string, name: string): string {
  return namespace === "" ? name : `${namespace}/${name}`;
}

/** What the sharder makes of an object, in a sentence. */
function reasonFor(plan: Plan, ring: ControllerRing, view: RingView): string {
  const { paused } = brakesOf(ring);
  switch (plan.type) {
    case "assign":
      return `it has no shard: ${plan.shard} gets it`;
    case "drain":
      return paused
        ? `it belongs to ${plan.to}, but the ring is paused, so it stays on ${plan.from}`
        : `it belongs to ${plan.to}, so ${plan.from} will be asked to let go of it`;
    case "withdraw":
      return paused
        ? "its shard was asked to let go of it, but the ring is paused: the request is taken back"
        : "it is where it belongs: the request to its shard to let go of it is taken back";
    case "move":
      return view.statusOf(plan.from) === "unknown"
        ? `no shard is called ${plan.from}: ${plan.to} gets it`
        : `${plan.from} does not look after it: ${plan.to} gets it`;
    case "wait":
      return `${plan.shard} is gone: when the sharder has taken over its Lease, another shard gets the object`;
    case "none":
      return settled(plan);
  }
}

function settled(plan: Extract<Plan, { readonly type: "none" }>): string {
  switch (plan.reason) {
    case "assigned":
      return "it is where it belongs";
    case "shard is late":
      return "its shard is late with its Lease, but may still be at work";
    case "waiting for acknowledgement":
      return "its shard was asked to let go of it, and has not done so yet";
    case "owner is draining":
      return "its controller is about to move, and it will follow";
    case "no controller":
      return "it has no controller, so it belongs to no shard";
    case "no shard":
      return "no shard is available";
    case "no key":
      return plan.problem;
  }
}

function describe(data: WhereaboutsData): string {
  const status = data.shard === "" ? "none" : `${data.shard} (${data.shardStatus})`;
  const rows: readonly (readonly [string, string])[] = [
    ["key", data.key === "" ? "none" : data.key],
    ["hash", data.hash === "" ? "none" : data.hash],
    ["shard by hash", data.wantedShard === "" ? "none" : data.wantedShard],
    ["shard by label", status],
    ["drain", data.draining ? "asked for" : "no"],
    ...data.controller === "" ? [] : [["controller", controllerText(data)] as const],
    ["why", data.why],
  ];
  const lines = rows.map(([name, value]) => `  ${name.padEnd(14)}  ${value}\n`);
  return `${data.resource} ${data.object} in ring ${data.ring} (${data.role})\n${lines.join("")}`;
}

function controllerText({ controller, controllerShard }: WhereaboutsData): string {
  return controllerShard === "" ? controller : `${controller}, on ${controllerShard}`;
}
