import assert from "node:assert/strict";
import fc from "fast-check";
import type { Lease } from "../../../lib/k8s/types.ts";
import { takeOverIdentity } from "../../../lib/sharding/names.ts";
import {
  holderOf,
  isAvailable,
  type LeaseObservation,
  ourTiming,
  referenceTiming,
  type ShardJudgement,
  shardState,
  type ShardTiming,
} from "../../../lib/sharding/shard_state.ts";
import { leaseOf } from "./leases.ts";

/** Time zero is the Lease's renewal, on both clocks; this process saw it then and has watched for long. */
const sawItAtOnce: LeaseObservation = { changedAt: 0, watchingSince: -1_000_000 };

function judge(
  lease: Lease,
  ms: number,
  timing: ShardTiming = ourTiming,
  observation: LeaseObservation | undefined = sawItAtOnce,
): ShardJudgement {
  return shardState(lease, observation, { wall: ms, monotonic: ms }, timing);
}

/** The state at some times, in seconds after the renewal. */
function states(lease: Lease, timing: ShardTiming, seconds: readonly number[], observation = sawItAtOnce): string[] {
  return seconds.map((second) => judge(lease, second * 1_000, timing, observation).state);
}

const taken = leaseOf("a", { holder: takeOverIdentity, duration: 30 });
const released = leaseOf("a", { holder: "", duration: 1 });

Deno.test("shardState() with the reference's timing follows its timeline", () => {
  assert.deepEqual(
    states(leaseOf("a"), referenceTiming, [0, 14.999, 15, 29.999, 30, 3_600]),
    ["ready", "ready", "expired", "expired", "uncertain", "uncertain"],
  );
  assert.deepEqual(states(taken, referenceTiming, [0, 89.999, 90]), ["dead", "dead", "orphaned"]);
  assert.deepEqual(states(released, referenceTiming, [0, 60.999, 61]), ["dead", "dead", "orphaned"]);
});

Deno.test("shardState() with the reference's timing does not ask what this process has seen", () => {
  const never: LeaseObservation = { changedAt: 29_000, watchingSince: undefined };
  assert.equal(judge(leaseOf("a"), 30_000, referenceTiming, never).state, "uncertain");
  // A proof does not make it faster either.
  assert.equal(judge(leaseOf("a", { stopsAfter: 10_000 }), 17_000, referenceTiming).state, "expired");
});

Deno.test("shardState() with our timing calls a proven shard uncertain two seconds after L, others after 2 L", () => {
  const proven = leaseOf("a", { stopsAfter: 12_000 });
  assert.deepEqual(states(proven, ourTiming, [14.999, 15, 16.999, 17]), ["ready", "expired", "expired", "uncertain"]);
  const unproven = leaseOf("a", { stopsAfter: 15_001 });
  assert.deepEqual(states(unproven, ourTiming, [14.999, 15, 29.999, 30]), ["ready", "expired", "expired", "uncertain"]);
  const cautious = { ...ourTiming, uncertainAfter: 4 };
  assert.deepEqual(states(unproven, cautious, [59.999, 60]), ["expired", "uncertain"]);
});

Deno.test("shardState() with our timing counts from the last change that this process saw", () => {
  const late: LeaseObservation = { changedAt: 100_000, watchingSince: 0 };
  assert.deepEqual(states(leaseOf("a"), ourTiming, [101, 129.999, 130], late), ["expired", "expired", "uncertain"]);
  // The shard's clock is a day ahead: by renewTime it would stay ready all day.
  const ahead = leaseOf("a", { renewTime: 86_400_000 });
  assert.deepEqual(states(ahead, ourTiming, [0, 29.999, 30]), ["ready", "ready", "uncertain"]);
  // Set back the wall clock by an hour: only the hint moves.
  const judgement = shardState(leaseOf("a"), sawItAtOnce, { wall: -3_600_000, monotonic: 30_000 }, ourTiming);
  assert.equal(judgement.state, "uncertain");
});

Deno.test("shardState() with our timing judges nobody before it has watched for L without a gap", () => {
  const broken: LeaseObservation = { changedAt: 0, watchingSince: undefined };
  assert.deepEqual(states(leaseOf("a"), ourTiming, [14, 15, 3_600], broken), ["ready", "expired", "expired"]);
  const healed: LeaseObservation = { changedAt: 0, watchingSince: 40_000 };
  assert.deepEqual(states(leaseOf("a"), ourTiming, [40, 54.999, 55], healed), ["expired", "expired", "uncertain"]);
  assert.equal(shardState(leaseOf("a"), undefined, { wall: 1e9, monotonic: 1e9 }, ourTiming).state, "expired");
});

Deno.test("shardState() tells who holds the Lease", () => {
  assert.deepEqual([leaseOf("a"), taken, released, leaseOf("a", { holder: "b" })].map(holderOf), [
    "shard",
    "sharder",
    "nobody",
    "other",
  ]);
  assert.equal(holderOf({ ...released, spec: {} }), "nobody");
  assert.equal(holderOf(JSON.parse(JSON.stringify({ ...released, spec: { holderIdentity: null } }))), "nobody");
  assert.equal(judge(leaseOf("a", { holder: "b" }), 0).state, "dead");
});

Deno.test("shardState() says whether a take-over holds, by the earlier of the two clocks", () => {
  assert.deepEqual([0, 29_999, 30_000].map((ms) => judge(taken, ms).held), [true, true, false]);
  const seenEarlier: LeaseObservation = { changedAt: -5_000, watchingSince: undefined };
  assert.deepEqual([0, 24_999, 25_000].map((ms) => judge(taken, ms, ourTiming, seenEarlier).held), [true, true, false]);
  assert.equal(judge(released, 0).held, false);
  assert.equal(judge(leaseOf("a"), 0).held, false);
  assert.equal(shardState(taken, undefined, { wall: 0, monotonic: 0 }, ourTiming).held, false);
  assert.equal(judge({ ...taken, spec: { holderIdentity: takeOverIdentity } }, 0).held, false);
});

Deno.test("shardState() without usable times counts the Lease as expiring now, and says why", () => {
  const lease = leaseOf("a");
  const { spec = {} } = lease;
  const { renewTime: _renewTime, ...noRenewTime } = spec;
  const { acquireTime: _acquireTime, ...noAcquireTime } = spec;
  const { leaseDurationSeconds: _duration, ...noDuration } = spec;
  const table: readonly (readonly [spec: Lease["spec"], problem: string])[] = [
    [noRenewTime, "spec.renewTime is missing"],
    [noAcquireTime, "spec.acquireTime is missing"],
    [noDuration, "spec.leaseDurationSeconds is missing"],
    [{ ...spec, renewTime: "yesterday" }, 'spec.renewTime is "yesterday"'],
    [{ ...spec, acquireTime: "" }, 'spec.acquireTime is ""'],
    [{ ...spec, leaseDurationSeconds: -15 }, "spec.leaseDurationSeconds is -15"],
    [{ ...spec, leaseDurationSeconds: 0 }, "spec.leaseDurationSeconds is 0"],
  ];
  for (const [odd, problem] of table) {
    const shard = { ...lease, spec: { ...odd, holderIdentity: "a" } };
    const reference = judge(shard, 86_400_000, referenceTiming);
    assert.deepEqual([reference.state, reference.problem, reference.nextChange], ["expired", problem, undefined]);
    // Ours ages, from what it saw itself.
    assert.deepEqual(states(shard, ourTiming, [0, 29.999, 30]), ["expired", "expired", "uncertain"], problem);
    const free = { ...lease, spec: { ...odd, holderIdentity: "" } };
    assert.deepEqual(states(free, referenceTiming, [0, 86_400]), ["dead", "dead"], problem);
    assert.deepEqual(states(free, ourTiming, [0, 74.999, 75]), ["dead", "dead", "orphaned"], problem);
  }
  assert.equal(judge({ ...lease, spec: {} }, 0).problem, "spec.renewTime is missing");
  assert.equal(judge(lease, 0).problem, undefined);
});

Deno.test("isAvailable() holds for the three states in which a shard may own objects", () => {
  const all = ["ready", "expired", "uncertain", "dead", "orphaned"] as const;
  assert.deepEqual(all.filter(isAvailable), ["ready", "expired", "uncertain"]);
});

const seconds = fc.integer({ min: -200, max: 200 });
const cases = fc.record({
  lease: fc.record({
    holder: fc.constantFrom("a", "b", "", takeOverIdentity),
    renewTime: seconds.map((second) => second * 1_000),
    duration: fc.constantFrom(-1, 0, 1, 15, 30),
    stopsAfter: fc.constantFrom(-1, 10_000, 15_000, 20_000),
  }).map((wishes) => leaseOf("a", wishes)),
  observation: fc.option(
    fc.record({
      changedAt: seconds.map((second) => second * 1_000),
      watchingSince: fc.option(seconds.map((second) => second * 1_000), { nil: undefined }),
    }),
    { nil: undefined },
  ),
  timing: fc.constantFrom(referenceTiming, ourTiming),
  skew: seconds.map((second) => second * 1_000),
  start: fc.integer({ min: -200_000, max: 200_000 }),
});
const order = ["ready", "expired", "uncertain", "dead", "orphaned"];

Deno.test("shardState() only ever gets worse while a Lease does not change", () => {
  fc.assert(fc.property(cases, fc.nat(400_000), ({ lease, observation, timing, skew, start }, later) => {
    const before = shardState(lease, observation, { wall: start + skew, monotonic: start }, timing);
    const now = { wall: start + skew + later, monotonic: start + later };
    const after = shardState(lease, observation, now, timing);
    assert.ok(order.indexOf(after.state) >= order.indexOf(before.state), `${before.state} became ${after.state}`);
    assert.equal(isAvailable(after.state), isAvailable(before.state));
    assert.ok(before.held || !after.held);
  }));
});

Deno.test("shardState() changes exactly at the next change that it names", () => {
  fc.assert(fc.property(cases, fc.nat(400_000), ({ lease, observation, timing, skew, start }, later) => {
    function at(ms: number): ShardJudgement {
      return shardState(lease, observation, { wall: start + skew + ms, monotonic: start + ms }, timing);
    }
    const { nextChange, ...before } = at(0);
    const { nextChange: _then, ...then } = at(nextChange ?? later);
    if (nextChange === undefined) return assert.deepEqual(then, before);
    assert.ok(nextChange >= 1);
    assert.notDeepEqual(then, before);
    const { nextChange: _meanwhile, ...meanwhile } = at(Math.min(later, nextChange - 1));
    assert.deepEqual(meanwhile, before);
  }));
});

Deno.test("shardState() with our timing never calls a shard uncertain before the stop that it proved, whatever the clocks", () => {
  const millis = fc.integer({ min: 0, max: 15_000 });
  const skew = fc.integer({ min: -86_400_000, max: 86_400_000 });
  fc.assert(fc.property(millis, millis, skew, skew, fc.nat(60_000), (stopsAfter, delay, shardSkew, skew, ms) => {
    // Time zero is the start of the renewal; it is seen after a delay, and both wall clocks are wrong.
    const lease = leaseOf("a", { renewTime: 1e12 + shardSkew, stopsAfter });
    const observation = { changedAt: delay, watchingSince: -1e6 };
    const { state, proven } = shardState(lease, observation, { wall: 1e12 + skew + ms, monotonic: ms }, ourTiming);
    assert.equal(proven, true);
    if (state === "uncertain") assert.ok(ms >= stopsAfter + 2_000);
    if (ms >= delay + 17_000) assert.equal(state, "uncertain");
  }));
});
