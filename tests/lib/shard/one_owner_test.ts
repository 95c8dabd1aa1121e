import assert from "node:assert/strict";
import type { Intercept } from "../../../lib/apiserver/mod.ts";
import { ConnectionError } from "../../../lib/k8s/errors.ts";
import { secrets } from "../../../lib/k8s/kinds/core.ts";
import type { Shard } from "../../../lib/shard/mod.ts";
import { seededRandom } from "../../../lib/util/random.ts";
import { FreezableProcess, shardLabel, TestCluster } from "./fixture.ts";
import { runs } from "../../support/runs.ts";

/** Writes to each Secret of the shard every 150 ms. */
function writer(shard: Shard): void {
  const cache = shard.cache(secrets);
  shard.control(cache, {
    name: "writer",
    workers: 3,
    reconcile: async ({ metadata }, { signal }) => {
      const patch = { metadata: { annotations: { by: shard.shard } } };
      await cache.api.patch(metadata.name, { type: "merge", patch }, { signal });
      return { requeueAfter: 150 };
    },
  });
}

const leaseDuration = 15_000;

/**
 * What the sharder does with a shard that proves its bound: it takes the Lease over 2 s after it has seen it unchanged
 * for the Lease's duration, then moves the objects.
 */
async function takeOverWhenDead(cluster: TestCluster, shard: string, moveTo: string): Promise<void> {
  const { clock, leases } = cluster;
  let version = "";
  let since = 0;
  await clock.advanceUntil(async () => {
    const { metadata } = await leases.get(shard);
    if (metadata.resourceVersion !== version) {
      version = metadata.resourceVersion ?? "";
      since = clock.monotonic();
    }
    return clock.monotonic() - since > leaseDuration + 2_000;
  }, 120_000);
  const lease = await leases.get(shard);
  await leases.replace({ ...lease, spec: { ...lease.spec, holderIdentity: "shardlease-controller" } });
  for (const { metadata } of (await cluster.secrets.list({ labelSelector: `${shardLabel}=${shard}` })).items) {
    await cluster.label(metadata.name, { [shardLabel]: moveTo });
  }
}

const faults = ["frozen", "lease cut off", "all cut off", "answers lost"] as const;

for (const fault of faults) {
  Deno.test(`no object has two owners when a shard is hit by a fault: ${fault}`, async () => {
    for (let seed = 1; seed <= runs(2); seed++) {
      using cluster = new TestCluster();
      const random = seededRandom(seed);
      const frozen = new FreezableProcess(cluster.clock);
      for (let i = 0; i < 5; i++) await cluster.create(`object-${i}`, { [shardLabel]: "shard-a" });
      let hit = false;
      const faulty = (from: string): Intercept => async (request, next) => {
        if (!hit || !from.startsWith("shard-a")) return await next(request);
        const isLease = from.endsWith("/shard-lease");
        if (fault === "all cut off" || (fault === "lease cut off" && isLease)) throw new ConnectionError("cut off");
        const answer = await next(request);
        if (fault === "answers lost" && isLease && request.method !== "GET") throw new ConnectionError("answer lost");
        return answer;
      };
      cluster.network = (from) => (request, next) => {
        const pass = (passed: typeof request): ReturnType<typeof next> => faulty(from)(passed, next);
        return from.startsWith("shard-a") ? frozen.network(request, pass) : pass(request);
      };
      const a = cluster.start("shard-a", writer, { clock: frozen });
      const b = cluster.start("shard-b", writer);
      await cluster.clock.advance(5_000 + Math.floor(random.next() * 2_000));
      hit = true;
      if (fault === "frozen") frozen.freeze();
      if (fault === "answers lost") await cluster.clock.advance(12_000);
      else await takeOverWhenDead(cluster, "shard-a", "shard-b");
      await cluster.clock.advance(Math.floor(random.next() * 10_000));
      await frozen.thaw();
      await cluster.clock.advance(10_000);

      const lastOfA = Math.max(...cluster.workOf("shard-a").map(({ at }) => at));
      const firstOfB = Math.min(...cluster.workOf("shard-b").map(({ at }) => at));
      assert.ok(lastOfA > 4_000, "the first shard worked");
      if (fault !== "answers lost") assert.ok(firstOfB < Infinity, "the second shard took over");
      assert.ok(lastOfA < firstOfB, `seed ${seed}: shard-a wrote at ${lastOfA}, shard-b from ${firstOfB} on`);
      b.stop();
      a.stop();
      await cluster.clock.advance(30_000);
      assert.notEqual(a.state(), "running");
      assert.equal(b.state(), "done");
    }
  });
}
