import assert from "node:assert/strict";
import { Api } from "../../../../lib/k8s/api/api.ts";
import { leases } from "../../../../lib/k8s/kinds/coordination.ts";
import { LeaderElector, LeadershipLostError, LeaseLock } from "../../../../lib/runtime/election/mod.ts";
import { WorkNotStoppedError } from "../../../../lib/runtime/runnable.ts";
import { sleep, VirtualClock } from "../../../../lib/util/clock/mod.ts";
import { seededRandom } from "../../../../lib/util/random.ts";
import { captureLogs } from "../logs.ts";
import { FakeServer, type Network } from "../fake_server.ts";
import { candidate, leasePath, run, specOf, timing } from "./fixture.ts";

const microTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

Deno.test("LeaderElector creates a missing Lease and renews it every retry period", async () => {
  const clock = new VirtualClock("2026-01-01T00:00:00Z");
  const server = new FakeServer();
  const { stop, events, done } = run(candidate(server, clock, "a"));
  await clock.settle();
  assert.deepEqual(events, ["lead"]);
  assert.deepEqual(specOf(server), {
    holderIdentity: "a",
    leaseDurationSeconds: 15,
    acquireTime: "2026-01-01T00:00:00.000000Z",
    renewTime: "2026-01-01T00:00:00.000000Z",
    leaseTransitions: 0,
  });
  await clock.advance(60_000);
  assert.equal(specOf(server)["renewTime"], "2026-01-01T00:01:00.000000Z");
  assert.equal(specOf(server)["acquireTime"], "2026-01-01T00:00:00.000000Z");
  stop.abort();
  assert.equal(await done, "done");
  assert.equal(clock.pending, 0);
});

Deno.test("LeaderElector releases after the work has ended, and goes on renewing until then", async () => {
  const clock = new VirtualClock();
  const server = new FakeServer();
  const elector = candidate(server, clock, "a");
  const { stop, events, workEnds, done } = run(elector, true);
  await clock.advance(5_000);
  stop.abort();
  await clock.advance(30_000);
  assert.deepEqual(events, ["lead", "stop"]);
  assert.equal(specOf(server)["holderIdentity"], "a");
  assert.equal(elector.expired(), false, "the work may still write while it ends");
  workEnds.resolve();
  assert.equal(await done, "done");
  assert.equal(elector.expired(), true);
  const spec = specOf(server);
  assert.deepEqual([spec["holderIdentity"], spec["leaseDurationSeconds"], spec["leaseTransitions"]], ["", 1, 0]);
  assert.equal(spec["acquireTime"], spec["renewTime"]);
  assert.match(String(spec["renewTime"]), microTime);
  assert.equal(clock.pending, 0);
});

Deno.test("LeaderElector hands over within one attempt after a release, and counts the transition", async () => {
  const clock = new VirtualClock();
  const server = new FakeServer();
  const first = run(candidate(server, clock, "a"));
  await clock.settle();
  const seen: string[] = [];
  const second = run(candidate(server, clock, "b", { onNewLeader: (identity) => seen.push(identity) }));
  await clock.advance(20_000);
  assert.deepEqual(second.events, []);
  first.stop.abort();
  await first.done;
  const before = clock.monotonic();
  await clock.advanceUntil(() => second.events.length > 0, 60_000);
  assert.ok(clock.monotonic() - before <= timing.retryPeriod * 1.2, `took ${clock.monotonic() - before} ms`);
  assert.equal(specOf(server)["leaseTransitions"], 1);
  assert.deepEqual(seen, ["a", "b"]);
  second.stop.abort();
  await second.done;
  assert.deepEqual(seen, ["a", "b", ""]);
  assert.equal(clock.pending, 0);
});

Deno.test("LeaderElector waits for the duration in the record, by its own clock, before it takes over", async () => {
  const clock = new VirtualClock();
  const server = new FakeServer();
  const dead = run(candidate(server, clock, "dead", { network: failAfter(clock, 0) }));
  await clock.settle();
  server.edit(leasePath, (lease) => ({
    ...lease,
    // A clock of its own, decades ahead: times of others must not count.
    spec: { ...specOf(server), renewTime: "2050-01-01T00:00:00.000000Z", leaseDurationSeconds: 30 },
  }));
  const next = run(candidate(server, clock, "b"));
  await clock.advanceUntil(() => next.events.length > 0, 120_000);
  assert.ok(clock.monotonic() >= 30_000 && clock.monotonic() <= 30_100, `took over after ${clock.monotonic()} ms`);
  assert.ok(await dead.done instanceof LeadershipLostError);
  next.stop.abort();
  await next.done;
});

Deno.test("LeaderElector takes over within 1.2 retry periods of the duration after the last renewal of a crash", async () => {
  for (let seed = 0; seed < 20; seed++) {
    const clock = new VirtualClock();
    const server = new FakeServer();
    const crash = 20_000 + 300 * seed;
    const dead = run(candidate(server, clock, "dead", { network: failAfter(clock, crash) }));
    await clock.settle();
    const next = run(candidate(server, clock, "b", { random: seededRandom(seed) }));
    await clock.advanceUntil(() => next.events.length > 0, 120_000);
    const renewed = crash - crash % timing.retryPeriod;
    const took = clock.monotonic() - renewed;
    const latest = timing.leaseDuration + 1.2 * timing.retryPeriod + 100;
    assert.ok(took >= timing.leaseDuration && took <= latest, `seed ${seed}: took over ${took} ms after the renewal`);
    await dead.done;
    next.stop.abort();
    await next.done;
  }
});

Deno.test("LeaderElector does not wait another period when its attempt came a moment before the Lease ran out", async () => {
  const clock = new VirtualClock();
  const server = new FakeServer();
  const dead = run(candidate(server, clock, "dead", { network: failAfter(clock, 1_000) }));
  await clock.advance(11_000);
  await dead.done;
  const attempts: number[] = [];
  const slow: Network = (leg) => {
    if (leg === "request") attempts.push(clock.monotonic() - 11_000);
    return sleep(clock, 25);
  };
  // Pauses of 2,096 ms: the eighth attempt begins 28 ms before the Lease runs out, and is answered after that.
  const next = run(candidate(server, clock, "b", { network: slow, random: { next: () => 0.24 } }));
  await clock.advanceUntil(() => next.events.length > 0, 120_000);
  assert.equal(attempts[7], 15_022);
  const took = clock.monotonic() - 11_000;
  assert.ok(took <= 15_300, `took over after ${took} ms`);
  next.stop.abort();
  await clock.advance(1_000);
  await next.done;
});

Deno.test("LeaderElector stops when renewals hang, counted from the start of the last successful one", async () => {
  const clock = new VirtualClock();
  const server = new FakeServer();
  let hanging = false;
  const never = new Promise<void>(() => {});
  const network: Network = () => hanging ? never : undefined;
  const elector = candidate(server, clock, "a", { network });
  const { events, done } = run(elector);
  await clock.advance(3_000); // Renewed at 2000.
  hanging = true;
  await clock.advance(8_999);
  assert.deepEqual([events, elector.expired()], [["lead"], false]);
  await clock.advance(1);
  assert.equal(elector.expired(), true);
  assert.deepEqual(events, ["lead", "lost", "ended"]);
  const error = await done;
  assert.ok(error instanceof LeadershipLostError);
  assert.match(error.message, /Lease sharding\/test of "a" was not renewed in time/);
  assert.equal(clock.pending, 0);
});

Deno.test("LeaderElector does not count a renewal from its answer", async () => {
  const clock = new VirtualClock();
  const server = new FakeServer();
  let slow = 0;
  const network: Network = (leg) => {
    if (slow === 0 || leg === "request") return undefined;
    return new Promise((resolve) => void clock.timer(slow, resolve));
  };
  const elector = candidate(server, clock, "a", { network, requestTimeout: 9_000 });
  const { stop, done } = run(elector);
  await clock.advance(1_000);
  slow = 4_000;
  await clock.advance(5_500); // The renewal began at 2000 and was answered at 6000.
  assert.equal(elector.remaining(), 5_500);
  assert.equal(elector.deadline(), clock.now() + 5_500);
  slow = 0;
  stop.abort();
  await done;
  assert.equal(elector.deadline(), 0);
});

Deno.test("LeaderElector loses at once when somebody else has taken the Lease, even for a moment", async () => {
  for (const holder of ["shardlease-controller", "", "a"]) {
    const clock = new VirtualClock();
    const server = new FakeServer();
    const { events, done } = run(candidate(server, clock, "a"));
    await clock.advance(1_000);
    server.edit(leasePath, (lease) => ({
      ...lease,
      spec: { ...specOf(server), holderIdentity: holder, leaseTransitions: 1 },
    }));
    await clock.advance(1_000);
    assert.deepEqual(events, ["lead", "lost", "ended"]);
    assert.ok(await done instanceof LeadershipLostError);
    assert.equal(specOf(server)["holderIdentity"], holder, "the Lease of the other is left alone");
  }
});

Deno.test("LeaderElector keeps leading when others only touch labels, and when the Lease is deleted", async () => {
  const clock = new VirtualClock();
  const server = new FakeServer();
  const slowPaths: string[] = [];
  const observer = { onLeading: () => undefined, onSlowPath: (name: string) => slowPaths.push(name) };
  const { stop, events, done } = run(candidate(server, clock, "a", { observer }));
  await clock.advance(1_000);
  server.edit(leasePath, (lease) => ({ ...lease, metadata: { ...metadataOf(lease), labels: { state: "ready" } } }));
  await clock.advance(2_000);
  assert.deepEqual(slowPaths, ["test"]);
  assert.deepEqual(metadataOf(server.objects.get(leasePath))["labels"], { state: "ready" });
  server.objects.delete(leasePath);
  await clock.advance(2_000);
  assert.equal(specOf(server)["holderIdentity"], "a");
  assert.deepEqual(events, ["lead"]);
  stop.abort();
  await done;
});

Deno.test("LeaderElector of a suspended process is fenced at its first instruction and stops without a renewal", async () => {
  const clock = new VirtualClock();
  const server = new FakeServer();
  let requests = 0;
  const elector = candidate(server, clock, "a", { network: () => void requests++ });
  const { events, done } = run(elector);
  await clock.advance(3_000);
  const before = requests;
  clock.jump(11_000); // Monotonic time stood still.
  assert.equal(elector.expired(), true);
  await clock.advance(2_000);
  assert.deepEqual(events, ["lead", "lost", "ended"]);
  assert.equal(requests, before);
  assert.ok(await done instanceof LeadershipLostError);
});

Deno.test("LeaderElector goes on leading when the wall clock is set back", async () => {
  const clock = new VirtualClock();
  const { stop, events, done } = run(candidate(new FakeServer(), clock, "a"));
  await clock.advance(3_000);
  clock.jump(-3_600_000);
  await clock.advance(60_000);
  assert.deepEqual(events, ["lead"]);
  stop.abort();
  assert.equal(await done, "done");
});

Deno.test("LeaderElector does not wait for ever for work that ignores the loss", async () => {
  const clock = new VirtualClock();
  const { done, events } = run(candidate(new FakeServer(), clock, "a", { network: failAfter(clock, 1_000) }), true);
  await clock.advance(10_000);
  assert.deepEqual(events, ["lead", "lost"]);
  await clock.advance(5_000);
  assert.ok(await done instanceof LeadershipLostError);
  assert.equal(clock.pending, 0);
});

Deno.test("LeaderElector does not warn when another candidate creates the Lease at the same time", async () => {
  const clock = new VirtualClock();
  const logs = await captureLogs(clock);
  const server = new FakeServer();
  const runs = [run(candidate(server, clock, "a")), run(candidate(server, clock, "b"))];
  await clock.settle();
  assert.deepEqual(runs.flatMap(({ events }) => events), ["lead"]);
  assert.ok(logs.some((line) => line.includes("AlreadyExists")), "both found no Lease");
  assert.deepEqual(logs.filter((line) => line.includes('"level":"warn"')), []);
  for (const { stop } of runs) stop.abort();
  await Promise.all(runs.map(({ done }) => done));
});

Deno.test("LeaderElector overcomes failed renewals within the deadline, and warns once for the same failure", async () => {
  const clock = new VirtualClock();
  const logs = await captureLogs(clock);
  let broken = false;
  const network: Network = () => broken ? Promise.reject(new Error("connection refused")) : undefined;
  const { stop, events, done } = run(candidate(new FakeServer(), clock, "a", { network }));
  await clock.advance(3_000);
  broken = true;
  await clock.advance(6_000);
  broken = false;
  await clock.advance(20_000);
  assert.deepEqual(events, ["lead"]);
  assert.equal(logs.filter((line) => line.includes('"level":"warn"')).length, 1);
  stop.abort();
  await done;
});

Deno.test("LeaderElector releases after failed work, but not while work may still go on", async () => {
  for (const [error, holder] of [[new Error("failed"), ""], [new WorkNotStoppedError(["x"]), "a"]] as const) {
    const clock = new VirtualClock();
    const server = new FakeServer();
    const running = candidate(server, clock, "a").run(new AbortController().signal, () => Promise.reject(error));
    await assert.rejects(running, error);
    assert.equal(specOf(server)["holderIdentity"], holder);
    assert.equal(clock.pending, 0);
  }
});

Deno.test("LeaderElector does not release when releaseOnCancel is off", async () => {
  const clock = new VirtualClock();
  const server = new FakeServer();
  const { stop, done } = run(candidate(server, clock, "a", { releaseOnCancel: false }));
  await clock.settle();
  stop.abort();
  await done;
  assert.equal(specOf(server)["holderIdentity"], "a");
});

Deno.test("LeaderElector stops while it waits, and gives back a Lease whose acquisition it did not see succeed", async () => {
  const clock = new VirtualClock();
  const server = new FakeServer();
  const never = new Promise<void>(() => {});
  const network: Network = (leg, { method }) => leg === "answer" && method === "POST" ? never : undefined;
  const { stop, events, done } = run(candidate(server, clock, "a", { network }));
  await clock.settle();
  assert.equal(specOf(server)["holderIdentity"], "a");
  stop.abort();
  assert.equal(await done, "done");
  assert.deepEqual([events, specOf(server)["holderIdentity"]], [[], ""]);
  assert.equal(clock.pending, 0);
});

Deno.test("LeaderElector takes a Lease up again that its own identity holds", async () => {
  const clock = new VirtualClock();
  const server = new FakeServer();
  const before = run(candidate(server, clock, "a", { releaseOnCancel: false }));
  await clock.settle();
  before.stop.abort();
  await before.done;
  await clock.advance(1_000);
  const after = run(candidate(server, clock, "a"));
  await clock.settle();
  assert.deepEqual(after.events, ["lead"]);
  assert.equal(specOf(server)["leaseTransitions"], 0);
  after.stop.abort();
  await after.done;
});

Deno.test("LeaderElector tells its observer whether it leads", async () => {
  const clock = new VirtualClock();
  const heard: unknown[] = [];
  const observer = { onLeading: (...all: unknown[]) => heard.push(all), onSlowPath: () => undefined };
  const { stop, done } = run(candidate(new FakeServer(), clock, "a", { observer }));
  await clock.settle();
  stop.abort();
  await done;
  assert.deepEqual(heard, [["test", false], ["test", true], ["test", false]]);
});

Deno.test("LeaderElector refuses times that contradict each other", () => {
  const clock = new VirtualClock();
  const server = new FakeServer();
  for (
    const [options, message] of [
      [{ leaseDuration: 10_000 }, /leaseDuration must be longer than renewDeadline/],
      [{ renewDeadline: 2_400 }, /renewDeadline must be longer than 1.2 times retryPeriod/],
      [{ retryPeriod: 0 }, /retryPeriod must be longer than 0/],
    ] as const
  ) assert.throws(() => candidate(server, clock, "a", options), message);
  assert.throws(() => candidate(server, clock, ""), /identity must not be empty/);
});

Deno.test("LeaseLock keeps what it does not know, and merges its decoration into each renewal", async () => {
  const clock = new VirtualClock("2026-01-01T00:00:00Z");
  const server = new FakeServer();
  const lock = new LeaseLock({
    api: new Api(server.client(), leases),
    namespace: "sharding",
    lease: "test",
    decorate: ({ renewTime, stopTime }) => ({
      labels: { ring: "r" },
      annotations: { proof: `${renewTime}/${stopTime}` },
    }),
  });
  const elector = new LeaderElector({ lock, identity: "a", ...timing, clock, random: seededRandom(1) });
  const { stop, done } = run(elector);
  await clock.advance(1_000);
  server.edit(leasePath, (lease) => ({
    ...lease,
    metadata: { ...metadataOf(lease), labels: { foreign: "x" }, ownerReferences: [] },
    spec: { ...specOf(server), strategy: "OldestEmulationVersion" },
  }));
  await clock.advance(1_000);
  const lease = server.objects.get(leasePath);
  assert.deepEqual(metadataOf(lease)["labels"], { foreign: "x", ring: "r" });
  assert.deepEqual(metadataOf(lease)["ownerReferences"], []);
  assert.deepEqual(metadataOf(lease)["annotations"], {
    proof: "2026-01-01T00:00:02.000000Z/2026-01-01T00:00:12.000000Z",
  });
  assert.equal(specOf(server)["strategy"], "OldestEmulationVersion");
  stop.abort();
  await done;
  assert.equal(specOf(server)["strategy"], "OldestEmulationVersion");
  assert.deepEqual(metadataOf(server.objects.get(leasePath))["labels"], { foreign: "x", ring: "r" });
});

function metadataOf(lease: unknown): Record<string, unknown> {
  assert.ok(typeof lease === "object" && lease !== null && "metadata" in lease);
  assert.ok(typeof lease.metadata === "object" && lease.metadata !== null);
  return { ...lease.metadata };
}

/** Works for so long, then every request fails. */
function failAfter(clock: VirtualClock, ms: number): Network {
  const end = clock.monotonic() + ms;
  return () => clock.monotonic() > end ? Promise.reject(new Error("connection refused")) : undefined;
}
