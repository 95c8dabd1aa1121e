import assert from "node:assert/strict";
import { systemNamespace } from "../../../lib/sharding/names.ts";
import { systemClock as clock } from "../../../lib/util/clock/mod.ts";
import { parseTime } from "../../../lib/util/micro_time.ts";
import { bounds, late } from "../support/ring_copy.ts";
import { type Case, figure, fill } from "./case.ts";

/** A shard of ours that has not renewed its Lease for so long has stopped: leaseDuration and a margin. Milliseconds. */
const silenceOfDead = 17_000;

export const killedShard: Case = {
  name: "a killed shard keeps its objects until its Lease is taken over; its replacement joins meanwhile",
  async run(ring, system): Promise<void> {
    const before = await fill(ring, 50);
    const [victim = ""] = before;
    const own = [...ring.placement].filter(([, shard]) => shard === victim).map(([name]) => name);
    const begin = clock.monotonic();
    await ring.kill(victim);
    await ring.expect("a replacement", bounds.pods, () => {
      const fresh = ring.watch.view.shards.filter(({ name, status }) => status === "ready" && !before.includes(name));
      assert.equal(fresh.length, 1);
    });
    const mark = ring.watch.moveMark;
    let renewed = NaN;
    await ring.expect("a Lease that was taken over", bounds.pods, async () => {
      const { spec } = await ring.leases.get(victim);
      if (spec?.holderIdentity === victim) renewed = parseTime(spec.renewTime) ?? NaN;
      assert.ok(ring.watch.leaseLog.of(victim).some(({ holder }) => holder === "sharder"));
    });
    const silence = clock.now() - renewed;
    assert.ok(silence >= silenceOfDead && silence < silenceOfDead + late, `taken over after ${silence} ms`);
    const shards = await ring.expectShards(3, bounds.seen);
    await ring.expectSettled(shards, Math.max(1, renewed + silenceOfDead + late + bounds.owner - clock.now()));
    figure(`from kill -9 of a shard to all objects moved, ${system.name}`, clock.monotonic() - begin);
    const moves = ring.watch.movesSince(mark).filter(({ object, from }) => object.role === "main" && from === victim);
    assert.deepEqual(new Set(moves.map(({ object }) => object.name)), new Set(own));
    await ring.expect("a Lease that nobody holds", bounds.seen, async () => {
      assert.equal((await ring.leases.get(victim)).spec?.holderIdentity ?? "", "");
    });
    assert.equal(await ring.stateOf(victim), "dead");
  },
};

export const killedLeader: Case = {
  name: "when the leading sharder is killed, the other one assigns at once and leads in time",
  async run(ring, system): Promise<void> {
    await fill(ring, 50);
    const { pod, identity } = await system.leader();
    const begin = clock.monotonic();
    const left = (): number => Math.max(1, begin + bounds.takenOver - clock.monotonic());
    const name = pod.metadata.name;
    await system.kubectl("-n", systemNamespace, "delete", "pod", name, "--force", "--grace-period=0");
    await ring.createSecrets("meanwhile", 10);
    // Nobody leads now, so the objects of a shard that leaves have to wait for the next leader.
    await ring.scale(2);
    await ring.expect("another leader", left(), async () => {
      assert.notEqual((await system.leader()).identity, identity);
    });
    figure(`from kill -9 of the leading sharder to the next leader, ${system.name}`, clock.monotonic() - begin);
    const shards = await ring.expectShards(2, bounds.seen);
    await ring.expectSettled(shards, left());
    await system.sharders(2, bounds.pods);
  },
};
