import assert from "node:assert/strict";
import { systemClock as clock } from "../../../lib/util/clock/mod.ts";
import { bounds, late, type RingCopy } from "../support/ring_copy.ts";
import type { Case } from "./case.ts";

/** Somebody who writes a Lease once, and says no more. */
const stranger = "foreign-shard";

export const termination: Case = {
  name: "a shard that takes its name from its Lease is dead at once",
  async run(ring): Promise<void> {
    await ring.expectShards(3, bounds.seen);
    await ring.createLease(stranger, 60);
    await ring.expect("a ready shard", bounds.seen, () => expectState(ring, "ready"));
    await ring.expectShards(4, bounds.seen);
    await ring.leases.patch(stranger, { type: "merge", patch: { spec: { holderIdentity: "" } } });
    await ring.expect("a dead shard", bounds.seen, () => expectState(ring, "dead"));
    await ring.expectShards(3, bounds.seen);
  },
};

/** The Lease's times are rounded, and written a moment before this begins to count. Milliseconds. */
const early = 200;

export const failure: Case = {
  name: "a shard with a Lease of 10 s that renews it no more is expired after 10 s, and taken over after 20 s",
  async run(ring): Promise<void> {
    await ring.expectShards(3, bounds.seen);
    const begin = clock.monotonic();
    const since = (): number => clock.monotonic() - begin;
    await ring.createLease(stranger, 10);
    await ring.expect("a ready shard", bounds.seen, () => expectState(ring, "ready"));
    await ring.expectShards(4, bounds.seen);
    await ring.expect("an expired shard", 15_000, () => expectState(ring, "expired"));
    assert.ok(since() > 10_000 - early && since() < 10_000 + late, `expired after ${since()} ms`);
    await ring.expect("a Lease that was taken over", 15_000, () => {
      assert.ok(ring.watch.leaseLog.of(stranger).some(({ holder }) => holder === "sharder"));
    });
    assert.ok(since() > 20_000 - early && since() < 20_000 + late, `taken over after ${since()} ms`);
    await ring.expect("a dead shard", bounds.seen, () => expectState(ring, "dead"));
    await ring.expectShards(3, bounds.seen);
  },
};

async function expectState(ring: RingCopy, state: string): Promise<void> {
  assert.equal(await ring.stateOf(stranger), state);
}
