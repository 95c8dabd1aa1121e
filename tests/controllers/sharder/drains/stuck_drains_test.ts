import assert from "node:assert/strict";
import { PendingDrains } from "../../../../controllers/sharder/drains/pending_drains.ts";
import { StuckDrains } from "../../../../controllers/sharder/drains/stuck_drains.ts";
import { RingTroubles } from "../../../../lib/rings/mod.ts";
import { VirtualClock } from "../../../../lib/util/clock/mod.ts";
import { getLogger } from "../../../../lib/util/log.ts";

function bench(): { clock: VirtualClock; pending: PendingDrains; troubles: RingTroubles; stuck: StuckDrains } {
  const clock = new VirtualClock();
  const pending = new PendingDrains(() => clock.monotonic());
  const troubles = new RingTroubles();
  const stuck = new StuckDrains({
    ring: "ring",
    pending,
    clock,
    troubles,
    deadline: 60_000,
    logger: getLogger(["test"]),
  });
  troubles.conclude("ring");
  return { clock, pending, troubles, stuck };
}

Deno.test("a shard is named when one of its drains has been pending for the deadline, and no sooner", async () => {
  const { clock, pending, troubles, stuck } = bench();
  assert.equal(stuck.check(), Infinity);
  pending.add("/Secret/default/foo", "shard-a");
  assert.equal(stuck.check(), 60_000);
  await clock.advance(20_000);
  pending.add("/Secret/default/bar", "shard-b");
  assert.equal(stuck.check(), 40_000);
  await clock.advance(39_999);
  stuck.check();
  assert.deepEqual(troubles.of("ring"), []);
  await clock.advance(1);
  assert.equal(stuck.check(), 20_000);
  assert.ok(stuck.isStuck("shard-a") && !stuck.isStuck("shard-b"));
  const [trouble, ...others] = troubles.of("ring");
  assert.deepEqual(others, []);
  assert.equal(trouble?.type, "DrainsStuck");
  assert.match(trouble.message, /^Shard shard-a does not let go/);
  await clock.advance(20_000);
  assert.equal(stuck.check(), Infinity);
  assert.match(troubles.of("ring")[0]?.message ?? "", /^Shards shard-a, shard-b do not let go/);
});

Deno.test("nothing is said any more when the shard has let go, or this process does not lead any more", async () => {
  const { clock, pending, troubles, stuck } = bench();
  pending.add("/Secret/default/foo", "shard-a");
  await clock.advance(60_000);
  stuck.check();
  assert.equal(troubles.of("ring").length, 1);
  pending.delete("/Secret/default/foo");
  stuck.check();
  assert.deepEqual([troubles.of("ring"), stuck.isStuck("shard-a")], [[], false]);
  pending.add("/Secret/default/foo", "shard-a");
  await clock.advance(60_000);
  stuck.check();
  stuck.forget();
  assert.deepEqual(troubles.of("ring"), []);
});

Deno.test("a message names ten shards, and neither counts nor times", async () => {
  const { clock, pending, troubles, stuck } = bench();
  for (let i = 0; i < 30; i++) pending.add(`/Secret/default/foo-${i}`, `shard-${"abcdefghijklmno"[i % 15]}`);
  await clock.advance(60_000);
  stuck.check();
  const message = troubles.of("ring")[0]?.message ?? "";
  assert.match(message, /shard-a, .*, shard-j and others do not/);
  assert.doesNotMatch(message, /[0-9]/);
});

Deno.test("a fresh leader that knows drains for a short time only does not say that none is late", async () => {
  const { clock, pending, troubles, stuck } = bench();
  pending.add("/Secret/default/foo", "shard-a");
  stuck.check();
  assert.equal(troubles.isDecided("ring", "DrainsStuck"), false);
  pending.delete("/Secret/default/foo");
  stuck.check();
  assert.equal(troubles.isDecided("ring", "DrainsStuck"), true);
  await clock.advance(60_000);
  pending.add("/Secret/default/bar", "shard-a");
  stuck.check();
  assert.equal(troubles.isDecided("ring", "DrainsStuck"), true);
});
