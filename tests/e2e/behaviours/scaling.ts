import assert from "node:assert/strict";
import { expectedMovers, lookAtMovers } from "../../../commands/demo/story/world.ts";
import { versionOf } from "../../../commands/live_ring/lease_log.ts";
import type { ObjectMove } from "../../../lib/rings/report/mod.ts";
import { systemClock as clock } from "../../../lib/util/clock/mod.ts";
import { bounds, deployment } from "../support/ring_copy.ts";
import { type Case, figure, fill } from "./case.ts";

export const addition: Case = {
  name: "a fourth shard gets its share of a hundred Secrets, each by drain and acknowledgement",
  async run(ring): Promise<void> {
    const before = await fill(ring, 100);
    const objects = ring.objects;
    const mark = ring.watch.moveMark;
    await ring.scale(4);
    const shards = await ring.expectShards(4, bounds.seen);
    assert.deepEqual(before.filter((shard) => !shards.includes(shard)), [], "the old ones are still there");
    await ring.expectSettled(shards, bounds.settled);
    const { met, seen } = lookAtMovers(
      ring.watch.movesSince(mark),
      expectedMovers(objects, before, shards),
      "drained",
    );
    assert.ok(met, seen);
    checkFamilies(ring.watch.movesSince(mark));
  },
};

export const removal: Case = {
  name: "one of three shards leaves, and its share of a hundred Secrets goes to the others at once",
  async run(ring): Promise<void> {
    const before = await fill(ring, 100);
    const objects = ring.objects;
    const mark = ring.watch.moveMark;
    await ring.scale(2);
    const shards = await ring.expectShards(2, bounds.seen);
    await ring.expectSettled(shards, bounds.settled);
    const { met, seen } = lookAtMovers(
      ring.watch.movesSince(mark),
      expectedMovers(objects, before, shards),
      "without drain",
    );
    assert.ok(met, seen);
    const left = before.filter((shard) => !shards.includes(shard));
    assert.deepEqual(await Promise.all(left.map((shard) => ring.stateOf(shard))), ["dead"]);
  },
};

export const rollingUpdate: Case = {
  name: "a rolling update replaces all shards, and every object ends on one of the new ones",
  async run(ring, system): Promise<void> {
    const before = await fill(ring, 100);
    const begin = clock.monotonic();
    await system.kubectl("-n", ring.name, "rollout", "restart", "deployment", deployment);
    await ring.expect("three new pods and no old ones", 3 * bounds.pods, async () => {
      const { metadata, status } = await ring.deployments.get(deployment);
      assert.equal(status?.observedGeneration, metadata.generation);
      assert.deepEqual([status?.updatedReplicas, status?.availableReplicas, status?.replicas], [3, 3, 3]);
    });
    const shards = await ring.expectShards(3, bounds.seen, before);
    await ring.expectSettled(shards, bounds.settled);
    figure(`rolling update of three shards ${system.name}`, clock.monotonic() - begin);
  },
};

/** ConfigMaps follow their Secrets: after the acknowledgement, not before, and within a second (guarantee G4). */
function checkFamilies(moves: readonly ObjectMove[]): void {
  for (const { object, to, at } of moves.filter(({ object, drained }) => object.role === "main" && drained)) {
    const { name, resourceVersion } = object;
    const [child, ...others] = moves.filter((move) => move.object.name === `checksums-${name}`);
    assert.ok(child !== undefined && others.length === 0, `the ConfigMap of ${name} moved once`);
    assert.equal(child.to, to);
    assert.ok(versionOf(child.object.resourceVersion) > versionOf(resourceVersion), `that of ${name} waited for it`);
    assert.ok(child.at - at < 1_000, `the ConfigMap of ${name} followed after ${child.at - at} ms`);
  }
}
