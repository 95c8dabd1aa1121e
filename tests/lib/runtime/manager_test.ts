import assert from "node:assert/strict";
import { LeadershipLostError } from "../../../lib/runtime/election/mod.ts";
import { Manager, type ManagerOptions } from "../../../lib/runtime/manager.ts";
import { type Runnable, WorkNotStoppedError } from "../../../lib/runtime/runnable.ts";
import { sleep, VirtualClock } from "../../../lib/util/clock/mod.ts";
import { FakeServer } from "./fake_server.ts";
import { candidate, specOf } from "./election/fixture.ts";

/** Runs until it is stopped, and then takes so long; heeds a kill unless it is stubborn. */
function worker(name: string, log: string[], clock: VirtualClock, stopsIn = 0, stubborn = false): Runnable {
  return {
    name,
    async run(signal, kill): Promise<void> {
      log.push(`${name} starts`);
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
      log.push(`${name} stops`);
      try {
        await sleep(clock, stopsIn, stubborn ? undefined : kill);
        log.push(`${name} ended`);
      } catch {
        log.push(`${name} was killed`);
      }
    },
  };
}

interface Fixture {
  readonly clock: VirtualClock;
  readonly server: FakeServer;
  readonly log: string[];
  readonly manager: Manager;
  readonly stop: AbortController;
  /** Breaks the connection of the gate "leader". */
  cutOff: boolean;
}

function fixture(options: Partial<ManagerOptions> = {}): Fixture {
  const clock = new VirtualClock();
  const server = new FakeServer();
  const log: string[] = [];
  const network = (): Promise<void> | undefined => self.cutOff ? Promise.reject(new Error("cut off")) : undefined;
  const leader = candidate(server, clock, "me", { network });
  const observer = { onLeading: (_: string, leads: boolean) => log.push(`sharded ${leads}`), onSlowPath: () => {} };
  const sharded = candidate(new FakeServer(), clock, "me", { observer });
  const manager = new Manager({ clock, gates: { leader, sharded }, ...options });
  const self: Fixture = { clock, server, log, manager, stop: new AbortController(), cutOff: false };
  return self;
}

Deno.test("Manager starts groups when their gates lead and stops everything in reverse, Leases last", async () => {
  const { clock, server, log, manager, stop } = fixture();
  manager.add(worker("server", log, clock));
  manager.add(worker("informer", log, clock, 100));
  manager.add(worker("first", log, clock, 100), "leader");
  manager.add(worker("second", log, clock, 100), "leader");
  const running = manager.run(stop.signal);
  await clock.settle();
  assert.deepEqual(log, ["sharded false", "server starts", "informer starts", "first starts", "second starts"]);
  assert.equal(specOf(server)["holderIdentity"], "me");
  stop.abort();
  await clock.advance(150);
  assert.equal(specOf(server)["holderIdentity"], "me", "held until the work has ended");
  await clock.advance(150);
  await running;
  assert.equal(specOf(server)["holderIdentity"], "");
  assert.deepEqual(log.slice(5), [
    "second stops",
    "second ended",
    "first stops",
    "first ended",
    "informer stops",
    "informer ended",
    "server stops",
    "server ended",
  ]);
  assert.equal(clock.pending, 0);
});

Deno.test("Manager runs always-on, leader-only and sharded work side by side", async () => {
  const { clock, server, log, manager, stop } = fixture();
  const other = candidate(server, clock, "other");
  const otherStops = new AbortController();
  const otherRuns = other.run(otherStops.signal, (term) => sleep(clock, 1e9, term).catch(() => undefined));
  await clock.settle();
  manager.add(worker("webhook", log, clock));
  manager.add(worker("passes", log, clock), "leader");
  manager.add(worker("reconciler", log, clock), "sharded");
  const running = manager.run(stop.signal);
  await clock.advance(10_000);
  assert.deepEqual(log, ["sharded false", "webhook starts", "sharded true", "reconciler starts"]);
  otherStops.abort();
  await otherRuns;
  await clock.advance(5_000);
  assert.equal(log.at(-1), "passes starts");
  stop.abort();
  await clock.advance(1);
  await running;
  assert.equal(clock.pending, 0);
});

Deno.test("Manager kills what is left when the time to stop is over", async () => {
  const { clock, log, manager, stop } = fixture({ gracefulShutdown: 5_000 });
  manager.add(worker("server", log, clock));
  manager.add(worker("slow", log, clock, 60_000));
  const running = manager.run(stop.signal);
  await clock.settle();
  stop.abort();
  await clock.advance(5_000);
  await running;
  assert.deepEqual(log.slice(3), ["slow stops", "slow was killed", "server stops", "server was killed"]);
  assert.equal(clock.pending, 0);
});

Deno.test("Manager gives no time at all with 0, and endless time with a negative number", async () => {
  for (const [gracefulShutdown, ms, end] of [[0, 0, "killed"], [-1, 3_600_000, "ended"]] as const) {
    const { clock, log, manager, stop } = fixture({ gracefulShutdown });
    manager.add(worker("slow", log, clock, 3_600_000));
    const running = manager.run(stop.signal);
    await clock.settle();
    stop.abort();
    await clock.advance(ms);
    await running;
    assert.match(log.at(-1) ?? "", new RegExp(`${end}$`));
    assert.equal(clock.pending, 0);
  }
});

Deno.test("Manager names what does not stop at all, and keeps the Lease of such work", async () => {
  const { clock, server, log, manager, stop } = fixture({ gracefulShutdown: 5_000 });
  manager.add(worker("server", log, clock));
  manager.add(worker("stubborn", log, clock, 1e9, true), "leader");
  const left = { name: "controller", run: (signal: AbortSignal) => leavesBehind(signal) };
  manager.add(left, "leader");
  const running = manager.run(stop.signal);
  running.catch(() => undefined);
  await clock.settle();
  stop.abort();
  await clock.advance(10_000);
  await assert.rejects(running, (error) => {
    assert.ok(error instanceof WorkNotStoppedError);
    assert.deepEqual(error.unfinished, ["controller (default/foo)", "stubborn"]);
    return true;
  });
  assert.equal(specOf(server)["holderIdentity"], "me");
  assert.equal(log.at(-1), "server was killed");
});

Deno.test("Manager kills everything and fails when a gate is lost", async () => {
  const self = fixture({ gracefulShutdown: -1 });
  const { clock, log, manager, stop } = self;
  manager.add(worker("webhook", log, clock, 1_000));
  manager.add(worker("passes", log, clock, 1_000), "leader");
  manager.add(worker("reconciler", log, clock, 1_000), "sharded");
  const running = manager.run(stop.signal);
  running.catch(() => undefined);
  await clock.advance(1_000);
  self.cutOff = true;
  await clock.advance(9_000);
  await assert.rejects(running, LeadershipLostError);
  assert.deepEqual(log.slice(5).filter((line) => line.endsWith("killed")), [
    "passes was killed",
    "reconciler was killed",
    "webhook was killed",
  ]);
  assert.ok(log.lastIndexOf("sharded false") < log.indexOf("webhook stops"), "the other Lease is given back before");
  assert.equal(clock.pending, 0);
});

Deno.test("Manager stops everything in order when one runnable fails, and fails with its error", async () => {
  const { clock, server, log, manager, stop } = fixture();
  const failing = {
    name: "failing",
    run: () => sleep(clock, 1_000).then(() => Promise.reject(new Error("port in use"))),
  };
  manager.add(worker("informer", log, clock, 100));
  manager.add(failing);
  manager.add(worker("passes", log, clock, 100), "leader");
  const running = manager.run(stop.signal);
  running.catch(() => undefined);
  await clock.advance(1_200);
  await assert.rejects(running, /port in use/);
  assert.deepEqual(log.slice(3), ["passes stops", "passes ended", "informer stops", "informer ended"]);
  assert.equal(specOf(server)["holderIdentity"], "");
});

Deno.test("Manager goes on when a runnable ends by itself, and takes an aborted wait for a stop", async () => {
  const { clock, log, manager, stop } = fixture();
  manager.add({ name: "once", run: () => Promise.resolve() });
  manager.add({ name: "sleeper", run: (signal) => sleep(clock, 1e9, signal) });
  manager.add(worker("server", log, clock));
  const running = manager.run(stop.signal);
  await clock.advance(60_000);
  assert.equal(log.at(-1), "server starts");
  stop.abort();
  await clock.advance(1);
  await running;
});

Deno.test("Manager does not compete for the Lease of an empty group", async () => {
  const { clock, server, manager, stop } = fixture();
  const running = manager.run(stop.signal);
  await clock.settle();
  assert.equal(server.objects.size, 0);
  stop.abort();
  await running;
});

Deno.test("Manager refuses unknown groups, late additions and a second run", async () => {
  const { clock, manager, stop, log } = fixture();
  assert.throws(
    () => manager.add(worker("x", log, clock), "leeder"),
    /unknown group "leeder".*always, leader, sharded/,
  );
  stop.abort();
  await manager.run(stop.signal);
  assert.throws(() => manager.add(worker("x", log, clock)), /has started/);
  await assert.rejects(manager.run(stop.signal), /only once/);
});

async function leavesBehind(signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  throw new WorkNotStoppedError(["controller (default/foo)"]);
}
