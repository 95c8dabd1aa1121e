import assert from "node:assert/strict";
import { Api } from "../../../lib/k8s/api/api.ts";
import type { JSONValue } from "../../../lib/k8s/contract.ts";
import { ConnectionError } from "../../../lib/k8s/errors.ts";
import { secrets } from "../../../lib/k8s/kinds/core.ts";
import { LeadershipLostError } from "../../../lib/runtime/election/mod.ts";
import { WorkNotStoppedError } from "../../../lib/runtime/runnable.ts";
import { createShardLease, type Shard, ShardFencedError } from "../../../lib/shard/mod.ts";
import { provesStop } from "../../../lib/sharding/stop_proof.ts";
import { VirtualClock } from "../../../lib/util/clock/mod.ts";
import { seededRandom } from "../../../lib/util/random.ts";
import { scriptedClient } from "../../commands/common/scripted_client.ts";
import { isJsonStream, recorder, ring, shardLabel, TestCluster } from "./fixture.ts";

const ours = { [shardLabel]: "shard-a" };
const ringLabel = "alpha.sharding.timebertt.dev/controllerring";
const timing = { leaseDuration: 1_000, renewDeadline: 100, retryPeriod: 50 };

/** Somebody else takes the shard's Lease, as the sharder does with a dead shard's. */
async function takeOver({ leases, clock }: TestCluster, holder: string, seconds: number): Promise<void> {
  const now = new Date(clock.now()).toISOString().replace("Z", "000Z");
  const lease = await leases.get("shard-a");
  await leases.replace({
    ...lease,
    spec: {
      holderIdentity: holder,
      leaseDurationSeconds: seconds,
      acquireTime: now,
      renewTime: now,
      leaseTransitions: (lease.spec?.leaseTransitions ?? 0) + 1,
    },
  });
}

Deno.test("a shard creates its Lease with ring, holder, duration, times and the proof of its stop", async () => {
  using cluster = new TestCluster();
  const shard = cluster.start("shard-a", recorder([]), { timing });
  await cluster.clock.settle();
  const lease = await cluster.lease("shard-a");
  assert.deepEqual(lease.metadata.labels, { [ringLabel]: ring });
  assert.deepEqual(lease.spec, {
    holderIdentity: "shard-a",
    leaseDurationSeconds: 1,
    acquireTime: "2026-01-01T00:00:00.000000Z",
    renewTime: "2026-01-01T00:00:00.000000Z",
    leaseTransitions: 0,
  });
  assert.deepEqual(lease.metadata.annotations, {
    "alpha.sharding.timebertt.dev/stop-by": "2026-01-01T00:00:00.000000Z/2026-01-01T00:00:00.100000Z",
  });
  assert.ok(provesStop(lease));
  shard.stop();
  await cluster.clock.advance(1_000);
});

Deno.test("a shard renews its Lease, proof included, and keeps labels of others", async () => {
  using cluster = new TestCluster();
  const shard = cluster.start("shard-a", recorder([]), { timing });
  await cluster.clock.advance(500);
  await cluster.leases.patch("shard-a", { type: "merge", patch: { metadata: { labels: { state: "ready" } } } });
  await cluster.clock.advance(9_500);
  const lease = await cluster.lease("shard-a");
  assert.equal(lease.spec?.acquireTime, "2026-01-01T00:00:00.000000Z");
  assert.equal(lease.spec?.renewTime, "2026-01-01T00:00:10.000000Z");
  assert.equal(lease.spec?.leaseTransitions, 0);
  assert.ok(provesStop(lease));
  assert.deepEqual(lease.metadata.labels, { [ringLabel]: ring, state: "ready" });
  shard.stop();
  await cluster.clock.advance(1_000);
});

Deno.test("a shard waits for a Lease that somebody else holds, then counts the transitions", async () => {
  using cluster = new TestCluster();
  const first = cluster.start("shard-a", recorder([]), { timing });
  await cluster.clock.advance(100);
  first.stop();
  await cluster.clock.advance(1_000);
  await takeOver(cluster, "foreign", 3);
  const calls: string[] = [];
  await cluster.create("foo", ours);
  const shard = cluster.start("shard-a", recorder(calls), { timing });
  await cluster.clock.advance(2_900);
  assert.equal((await cluster.lease("shard-a")).spec?.holderIdentity, "foreign");
  assert.deepEqual(calls, [], "nothing is worked on before");
  await cluster.clock.advance(1_000);
  const lease = await cluster.lease("shard-a");
  assert.equal(lease.spec?.holderIdentity, "shard-a");
  assert.equal(lease.spec?.leaseTransitions, 2);
  assert.deepEqual(calls, ["foo"]);
  shard.stop();
  await cluster.clock.advance(1_000);
});

Deno.test("a shard that waits for its Lease does not remember objects that were moved away meanwhile", async () => {
  using cluster = new TestCluster();
  const first = cluster.start("shard-a", recorder([]), { timing });
  await cluster.clock.advance(100);
  first.stop();
  await cluster.clock.advance(1_000);
  await takeOver(cluster, "shardlease-controller", 30);
  await cluster.create("foo", ours);
  const calls: string[] = [];
  // A watch may lag: one that was opened before the move shows nothing of it.
  let moved = false;
  cluster.network = () => async (request, next) => {
    const answer = await next(request);
    return isJsonStream(answer) && !moved ? hold(answer, () => moved) : answer;
  };
  const shard = cluster.start("shard-a", recorder(calls), { timing });
  await cluster.clock.advance(1_000);
  moved = true;
  await cluster.label("foo", { [shardLabel]: "shard-b" });
  await takeOver(cluster, "", 1);
  await cluster.clock.advance(1_000);
  assert.equal((await cluster.lease("shard-a")).spec?.holderIdentity, "shard-a");
  assert.deepEqual(calls, []);
  shard.stop();
  await cluster.clock.advance(1_000);
});

/** Passes nothing on any more once the condition holds. */
function hold(stream: ReadableStream<JSONValue>, condition: () => boolean): ReadableStream<JSONValue> {
  return stream.pipeThrough(
    new TransformStream({
      async transform(value, controller): Promise<void> {
        if (condition()) await new Promise(() => undefined);
        controller.enqueue(value);
      },
    }),
  );
}

Deno.test("a shard releases its Lease at the end, and keeps its ring on it", async () => {
  using cluster = new TestCluster();
  const shard = cluster.start("shard-a", recorder([]));
  await cluster.clock.advance(5_000);
  shard.stop();
  await cluster.clock.advance(1);
  assert.equal(shard.state(), "done");
  const lease = await cluster.lease("shard-a");
  assert.equal(lease.spec?.holderIdentity, "");
  assert.equal(lease.spec?.leaseDurationSeconds, 1);
  assert.equal(lease.metadata.labels?.[ringLabel], ring);
  assert.equal(provesStop(lease), false, "the proof of the last renewal is stale");
  assert.equal(cluster.clock.pending, 0);
});

Deno.test("a shard keeps its Lease at the end when it is told so", async () => {
  using cluster = new TestCluster();
  const shard = cluster.start("shard-a", recorder([]), { releaseOnStop: false });
  await cluster.clock.advance(5_000);
  shard.stop();
  await cluster.clock.advance(1);
  assert.equal(shard.state(), "done");
  assert.equal((await cluster.lease("shard-a")).spec?.holderIdentity, "shard-a");
});

Deno.test("a shard releases its Lease only after the work has ended, and renews it until then", async () => {
  using cluster = new TestCluster();
  const work = Promise.withResolvers<void>();
  const begun: string[] = [];
  const reconcile = async (secret: { metadata: { name: string } }): Promise<void> => {
    begun.push(secret.metadata.name);
    await work.promise;
  };
  const shard = cluster.start("shard-a", recorder([], { reconcile }), { gracePeriod: 60_000 });
  await cluster.create("foo", ours);
  await cluster.clock.advance(1_000);
  shard.stop();
  await cluster.create("late", ours);
  await cluster.clock.advance(30_000);
  assert.equal(shard.state(), "running");
  const lease = await cluster.lease("shard-a");
  assert.equal(lease.spec?.holderIdentity, "shard-a");
  assert.equal(lease.spec?.renewTime, "2026-01-01T00:00:30.000000Z");
  work.resolve();
  await cluster.clock.advance(1);
  assert.equal(shard.state(), "done");
  assert.deepEqual(begun, ["foo"], "nothing new is begun after the stop");
  assert.equal((await cluster.lease("shard-a")).spec?.holderIdentity, "");
});

Deno.test("a shard whose work heeds no stop leaves its Lease to expire, and says what still works", async () => {
  using cluster = new TestCluster();
  const never = Promise.withResolvers<void>();
  const shard = cluster.start("shard-a", recorder([], { reconcile: () => never.promise }));
  await cluster.create("foo", ours);
  await cluster.clock.advance(1_000);
  shard.stop();
  await cluster.clock.advance(30_000);
  const error = shard.state();
  assert.ok(error instanceof WorkNotStoppedError, String(error));
  assert.deepEqual(error.unfinished, ["recorder (default/foo)"]);
  assert.equal((await cluster.lease("shard-a")).spec?.holderIdentity, "shard-a");
});

/** A controller that writes to each of its Secrets every 100 ms, and keeps the errors. */
function writer(errors: unknown[]): (shard: Shard) => void {
  return (shard) => {
    const cache = shard.cache(secrets);
    shard.control(cache, {
      name: "writer",
      reconcile: async ({ metadata }, { signal }) => {
        const patch = { metadata: { annotations: { time: String(shard.clock.monotonic()) } } };
        try {
          await cache.api.patch(metadata.name, { type: "merge", patch }, { signal });
        } catch (error) {
          errors.push(error);
          throw error;
        }
        return { requeueAfter: 100 };
      },
    });
  };
}

Deno.test("a shard that cannot renew stops by the time it has promised, and fails", async () => {
  using cluster = new TestCluster();
  await cluster.create("foo", ours);
  const shard = cluster.start("shard-a", writer([]));
  await cluster.clock.advance(5_000);
  assert.ok(cluster.workOf("shard-a").length > 40);
  const proof = (await cluster.lease("shard-a")).metadata.annotations?.["alpha.sharding.timebertt.dev/stop-by"] ?? "";
  const [, stopBy = ""] = proof.split("/");
  cluster.network = (from) => (request, next) =>
    from === "shard-a/shard-lease" ? Promise.reject(new ConnectionError("cut off")) : next(request);
  await cluster.clock.advance(60_000);
  assert.ok(shard.state() instanceof LeadershipLostError, String(shard.state()));
  const last = cluster.workOf("shard-a").at(-1)?.at ?? 0;
  assert.ok(last > 13_000, "it works until shortly before its deadline");
  assert.ok(last <= Date.parse(stopBy) - Date.parse("2026-01-01T00:00:00Z"), `${last} is after ${stopBy}`);
  assert.equal(cluster.clock.pending, 0);
});

Deno.test("a shard whose Lease is taken gives up everything at once, a write on its way too", async () => {
  using cluster = new TestCluster();
  await cluster.create("foo", ours);
  const errors: unknown[] = [];
  cluster.network = () => (request, next) => {
    if (request.method !== "PATCH") return next(request);
    return new Promise((_, reject) =>
      request.abortSignal?.addEventListener("abort", () => reject(request.abortSignal?.reason), { once: true })
    );
  };
  const shard = cluster.start("shard-a", writer(errors));
  await cluster.clock.advance(3_000);
  assert.equal(shard.state(), "running");
  await takeOver(cluster, "shardlease-controller", 30);
  await cluster.clock.advance(2_000);
  assert.ok(shard.state() instanceof LeadershipLostError, String(shard.state()));
  assert.ok(errors[0] instanceof ShardFencedError, String(errors[0]));
  assert.equal((await cluster.lease("shard-a")).spec?.holderIdentity, "shardlease-controller");
});

Deno.test("a shard whose clock jumps, as after a suspension, writes nothing any more", async () => {
  using cluster = new TestCluster();
  await cluster.create("foo", ours);
  const errors: unknown[] = [];
  const shard = cluster.start("shard-a", writer(errors));
  await cluster.clock.advance(5_050);
  const before = cluster.workOf("shard-a").length;
  cluster.clock.jump(60_000);
  await cluster.clock.advance(60);
  assert.ok(errors[0] instanceof ShardFencedError, String(errors[0]));
  await cluster.clock.advance(60_000);
  assert.equal(cluster.workOf("shard-a").length, before);
  assert.ok(shard.state() instanceof LeadershipLostError, String(shard.state()));
});

Deno.test("a shard warns when its event loop lags", async () => {
  using cluster = new TestCluster();
  await cluster.captureLogs();
  const shard = cluster.start("shard-a", recorder([]));
  await cluster.clock.advance(5_000);
  assert.ok(!cluster.logs.some((line) => line.includes("WARN")));
  cluster.clock.jump(4_000);
  await cluster.clock.advance(2_000);
  const warning = cluster.logs.find((line) => line.includes("WARN")) ?? "";
  assert.match(warning, /did not get to renew the Lease for a while.* lagSeconds=4/);
  shard.stop();
  await cluster.clock.advance(1_000);
});

Deno.test("a shard renews its Lease on a connection of its own", async () => {
  using cluster = new TestCluster();
  await cluster.create("foo", ours);
  const shard = cluster.start("shard-a", writer([]));
  await cluster.clock.advance(5_000);
  for (const { from, path } of cluster.writes) {
    assert.equal(from === "shard-a/shard-lease", path.includes("/leases"), `${from} ${path}`);
  }
  shard.stop();
  await cluster.clock.advance(1_000);
});

Deno.test("createShardLease() refuses a name that objects cannot be labelled with", () => {
  const clock = new VirtualClock();
  const client = scriptedClient(() => Promise.reject(new Error("nothing is sent")));
  const options = { client, ring, leaseNamespace: "default", clock, random: seededRandom(1) };
  for (const shard of ["", "a".repeat(64), "-a", "a/b"]) {
    assert.throws(() => createShardLease({ ...options, shard }), { name: "RangeError", message: /choose another/ });
  }
  assert.equal(createShardLease({ ...options, shard: "a".repeat(63) }).name, `default/${"a".repeat(63)}`);
});

Deno.test("leader-only work runs in one shard of the ring, and moves when that one ends", async () => {
  using cluster = new TestCluster();
  const leading: string[] = [];
  const refused: unknown[] = [];
  const setUp = (shard: Shard): void => {
    const write = (group: "always" | "leader" | "sharded"): Promise<unknown> =>
      new Api(shard.clientFor(group), secrets, { namespace: "default" }).create({
        metadata: { name: `${group}-of-${shard.shard}` },
      });
    shard.add(
      { name: "always", run: () => write("leader").then(() => {}, (error) => void refused.push(error)) },
      "always",
    );
    shard.add({
      name: "leader work",
      run: async (signal) => {
        leading.push(shard.shard);
        await write("leader");
        await write("always");
        await write("sharded").catch((error) => refused.push(error));
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        leading.splice(leading.indexOf(shard.shard), 1);
      },
    }, "leader");
  };
  const a = cluster.start("shard-a", setUp);
  await cluster.clock.advance(1_000);
  const b = cluster.start("shard-b", setUp);
  await cluster.clock.advance(30_000);
  assert.deepEqual(leading, ["shard-a"]);
  a.stop();
  await cluster.clock.advance(10_000);
  assert.deepEqual(leading, ["shard-b"]);
  b.stop();
  await cluster.clock.advance(1_000);
  assert.deepEqual([a.state(), b.state(), leading], ["done", "done", []]);
  const { items } = await cluster.secrets.list();
  assert.deepEqual(items.map(({ metadata }) => metadata.name), [
    "always-of-shard-a",
    "always-of-shard-b",
    "leader-of-shard-a",
    "leader-of-shard-b",
  ]);
  assert.equal(refused.filter((error) => error instanceof ShardFencedError).length, 4, "nothing else was written");
});
