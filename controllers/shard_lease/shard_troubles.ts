import type { Rings, RingSnapshot, RingTroubles, Trouble } from "../../lib/rings/mod.ts";
import type { Runnable } from "../../lib/runtime/runnable.ts";
import { leaseNamespacesAnnotation } from "../../lib/sharding/names.ts";
import type { RingView } from "../../lib/sharding/ring_view.ts";

/** Most Leases that one message names: there may be any number of them. */
const mostNames = 10;

/** Says of each ring what is wrong with its shards' Leases. Only the leader does. */
export function shardTroubles(
  rings: Pick<Rings, "changes" | "get" | "whenReady">,
  troubles: Pick<RingTroubles, "set">,
): Runnable {
  return {
    name: "troubles of shards",
    async run(signal: AbortSignal): Promise<void> {
      for await (const { ring } of rings.changes(signal)) {
        const snapshot = rings.get(ring);
        if (snapshot !== undefined) troubles.set(ring, "shards", troublesOf(snapshot));
      }
    },
  };
}

/** What is wrong with the Leases of a ring's shards. */
export function troublesOf({ view }: Pick<RingSnapshot, "view">): readonly Trouble[] {
  return [...unusableNames(view), ...conflicts(view), ...foreign(view), ...massLoss(view)];
}

function unusableNames({ unusable }: RingView): readonly Trouble[] {
  if (unusable.length === 0) return [];
  const names = listOf(unusable.map(({ namespace, name }) => `${namespace}/${name}`));
  const message =
    `No object can be labelled with the names of these Leases, so they get none: ${names}. The name of a ` +
    "shard has at most 63 characters, letters, digits, '-', '_' and '.' only.";
  return [{ type: "ShardNamesUnusable", reason: "NoLabelValues", message }];
}

function conflicts({ conflicts }: RingView): readonly Trouble[] {
  if (conflicts.length === 0) return [];
  const names = listOf(
    conflicts.map(({ name, namespace, ignored }) => `${name} (in ${namespace}, also in ${ignored.join(", ")})`),
  );
  const message = `There are Leases of one name in several namespaces, of which only the oldest counts: ${names}. ` +
    `Objects carry the name only: give each shard a name of its own, or name the shards' namespaces in the annotation ` +
    `${leaseNamespacesAnnotation} of the ring.`;
  return [{ type: "ShardNamesUnusable", reason: "SameNames", message }];
}

function foreign({ foreign }: RingView): readonly Trouble[] {
  if (foreign.length === 0) return [];
  const names = listOf(foreign.map(({ namespace, name }) => `${namespace}/${name}`));
  const message = `These Leases are in namespaces where the ring has no shards by its annotation ` +
    `${leaseNamespacesAnnotation}, and count for nothing: ${names}. Add the namespace there, or delete the Leases.`;
  return [{ type: "ShardNamesUnusable", reason: "ForeignNamespace", message }];
}

function massLoss({ keptBack }: RingView): readonly Trouble[] {
  if (keptBack.length === 0) return [];
  const message =
    `Most shards of the ring fell silent at about the same time: ${listOf(keptBack)}. Their objects stay ` +
    "with them for a while, as something may only keep them from renewing their Leases. That ends when they come back, " +
    "or when as many new shards have joined; how long it lasts at most is set by controller.leases.massLossHold.";
  return [{ type: "MassLoss", reason: "ShardsSilent", message }];
}

function listOf(names: readonly string[]): string {
  const first = names.slice(0, mostNames).join(", ");
  return names.length > mostNames ? `${first}, and more` : first;
}
