import { type Labels, registerGauge, type Registry } from "../../runtime/metrics/mod.ts";
import type { RingWork, RingWorkSource } from "./ring_work.ts";

/** Serves what the leader knows of the objects of its rings. Other replicas serve none of these. */
export function registerWorkMetrics(registry: Registry, source: RingWorkSource): void {
  const register = (
    name: string,
    help: string,
    labelNames: readonly string[],
    series: (work: RingWork) => Iterable<readonly [Labels, number]>,
  ): void =>
    registerGauge(registry, {
      name: `controller_sharding_${name}`,
      help,
      labelNames: ["controllerring", ...labelNames],
      *series(): Generator<readonly [Labels, number], void, undefined> {
        for (const work of source.work()) {
          for (const [labels, value] of series(work)) yield [{ controllerring: work.ring, ...labels }, value];
        }
      },
    });
  register(
    "objects",
    "Objects of a live shard, as of the last look at all of them and the moves since then",
    ["group", "resource", "shard"],
    ({ objects }) => objects.map(({ group, resource, shard, count }) => [{ group, resource, shard }, count]),
  );
  register(
    "objects_without_owner",
    "Objects that no live shard is responsible for, as of the last look at all of them and the moves since then",
    ["group", "resource"],
    ({ ownerless }) => ownerless.map(({ group, resource, count }) => [{ group, resource }, count]),
  );
  register(
    "drains_pending",
    "Objects that a shard was asked to let go of, and has not",
    ["group", "resource", "shard"],
    ({ drains }) => drains.map(({ group, resource, shard, count }) => [{ group, resource, shard }, count]),
  );
  register(
    "drains_pending_oldest_seconds",
    "How long the leader has known of the oldest of these",
    ["group", "resource", "shard"],
    ({ drains }) => drains.map(({ group, resource, shard, oldest }) => [{ group, resource, shard }, oldest]),
  );
  register(
    "objects_held_back",
    "Objects that should be on another shard and stay on their live one: the ring is paused (pause), moves are limited " +
      "(limit), or the shard has as many drains pending as it may (drains); as of the last look at all of them",
    ["reason"],
    ({ heldBack: { pause, limit, drains } }) => [
      [{ reason: "pause" }, pause],
      [{ reason: "limit" }, limit],
      [{ reason: "drains" }, drains],
    ],
  );
  register(
    "unsettled_seconds",
    "For how long objects have not all been where they belong after a change of the shards; 0 when they are",
    [],
    ({ unsettled }) => [[{}, unsettled]],
  );
}
