import { leases } from "../../lib/k8s/kinds/coordination.ts";
import { controllerOf, formatKey, type KubeObject } from "../../lib/k8s/types.ts";
import { drainLabel, leaseRingLabel, shardLabel, takeOverIdentity } from "../../lib/sharding/names.ts";
import type { Entry } from "./journal.ts";

/** For so long, in milliseconds, a write may still land that was decided on before something changed. */
const landing = 20_000;

/** What the labels of an object say at one moment. */
interface Sight {
  readonly shard: string | undefined;
  readonly draining: boolean;
  readonly uid: string;
  /** Key of the object that controls it. */
  readonly owner: string | undefined;
}

/**
 * What was written against the rules of the protocol, one line each: who may change which label of a main object (G1),
 * and when its children follow (G4). It looks at what the API server stored, in that order, and knows nothing of who
 * wrote it and why.
 *
 * @param byPerson revisions that a person wrote
 */
export function violations(entries: readonly Entry[], ring: string, byPerson: ReadonlySet<number>): string[] {
  const found: string[] = [];
  const holders = new Map<string, string>();
  const shards = new Set<string>();
  const mains = new Map<string, Sight>();
  const children = new Map<string, Sight>();
  /** Until when a shard may still be named as the owner of a main object: by uid. */
  const owners = new Map<string, Map<string, number>>();

  for (const { kind, key, at, object, revision } of entries) {
    const where = `${kind} ${key} at ${Math.round(at)} ms`;
    const name = key.slice(key.indexOf("/") + 1);
    if (kind === "Lease") {
      if (object === undefined) holders.delete(name);
      if (object === undefined || object.metadata.labels?.[leaseRingLabel] !== ring) continue;
      shards.add(name);
      holders.set(name, holderOf(object));
      continue;
    }
    const known = kind === "Secret" ? mains : children;
    const before = known.get(key);
    if (object === undefined) {
      known.delete(key);
      continue;
    }
    const now = sightOf(object, ring);
    const previous = before?.uid === now.uid ? before : undefined;
    known.set(key, now);
    const change = `${describe(previous)} -> ${describe(now)}`;
    if (now.shard !== undefined && !shards.has(now.shard)) found.push(`${where}: ${change}: there is no such shard`);
    if (now.draining && now.shard === undefined) found.push(`${where}: ${change}: nobody could acknowledge that drain`);
    if (kind === "Secret") {
      const past = owners.get(now.uid) ?? new Map<string, number>();
      owners.set(now.uid, past);
      if (previous !== undefined) past.set(previous.shard ?? "", at + landing);
      past.set(now.shard ?? "", Infinity);
      if (previous?.shard === undefined || previous.shard === now.shard || previous.draining) continue;
      // A person's replace from a template takes the label along while no webhook restores it.
      if (now.shard === undefined && byPerson.has(revision)) continue;
      // Without a drain it may only leave a shard whose Lease is held meanwhile, or one whose Lease is gone for good.
      const holder = holders.get(previous.shard) ?? takeOverIdentity;
      if (holder !== takeOverIdentity) found.push(`${where}: ${change}: but ${holder || "nobody"} holds its Lease`);
      continue;
    }
    if (previous?.shard === undefined || previous.shard === now.shard) continue;
    const owner = now.owner === undefined ? undefined : mains.get(now.owner);
    if (owner === undefined) continue;
    const allowed = owners.get(owner.uid)?.get(now.shard ?? "") ?? -Infinity;
    if (at > allowed) found.push(`${where}: ${change}: its controller is ${describe(owner)}`);
    if (owner.draining) found.push(`${where}: ${change}: its controller is still draining`);
  }
  return found;
}

/** The objects that carry a label of the ring in the end. */
export function labelled(entries: readonly Entry[], ring: string): string[] {
  const last = new Map(entries.filter(({ kind }) => kind !== "Lease").map((entry) => [entry.key, entry.object]));
  return [...last].flatMap(([key, object]) => {
    const { shard, draining } = object === undefined ? nothing : sightOf(object, ring);
    return shard === undefined && !draining ? [] : [key];
  });
}

const nothing = { shard: undefined, draining: false };

function sightOf({ metadata }: KubeObject, ring: string): Sight {
  const { labels = {}, namespace = "", uid = "" } = metadata;
  const controller = controllerOf(metadata);
  return {
    shard: labels[shardLabel(ring)],
    draining: labels[drainLabel(ring)] !== undefined,
    uid,
    owner: controller === undefined ? undefined : formatKey({ namespace, name: controller.name }),
  };
}

function holderOf(lease: KubeObject): string {
  return leases.is(lease) ? lease.spec?.holderIdentity ?? "" : "";
}

function describe(sight: Sight | undefined): string {
  if (sight === undefined) return "absent";
  return `${sight.shard ?? "no shard"}${sight.draining ? " (draining)" : ""}`;
}
