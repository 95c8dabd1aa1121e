import assert from "node:assert/strict";
import fc from "fast-check";
import { type Fault, faults, type Intercept } from "../../../../lib/apiserver/mod.ts";
import type { RequestOptions } from "../../../../lib/k8s/contract.ts";
import type { VirtualClock } from "../../../../lib/util/clock/mod.ts";
import { seededRandom } from "../../../../lib/util/random.ts";
import { fewestAvailable, mostPods } from "../../../../lib/workloads/deployments/limits.ts";
import type { Pod } from "../../../../lib/workloads/kinds/core.ts";
import { isActive, isReady } from "../../../../lib/workloads/objects/pod_state.ts";
import { deployment, World } from "../world.ts";
import { runs } from "../../../support/runs.ts";

/** What happens to a Deployment in the middle of its rollout. `pick` chooses among the pods, from 0 to below 1. */
type Step =
  | { readonly do: "set image"; readonly image: string }
  | { readonly do: "start a pod"; readonly pick: number }
  | { readonly do: "end a pod"; readonly pick: number }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "crash" };

const pick = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ do: fc.constant("set image"), image: fc.constantFrom("one", "two", "three") }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant("start a pod"), pick }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("end a pod"), pick }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("wait"), ms: fc.integer({ min: 0, max: 400 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("crash") }) },
);
const amount = fc.oneof(fc.integer({ min: 0, max: 4 }), fc.constantFrom("0%", "25%", "50%", "100%"));
const story = fc.record({
  replicas: fc.integer({ min: 1, max: 6 }),
  maxSurge: amount,
  maxUnavailable: amount,
  steps: fc.array(step, { minLength: 5, maxLength: 40 }),
  seed: fc.nat(),
  /** How much goes wrong between the controllers and the server. */
  trouble: fc.constantFrom<Trouble>("none", "slow caches", "all"),
}).filter(({ maxSurge, maxUnavailable }) => ![0, "0%"].includes(maxSurge) || ![0, "0%"].includes(maxUnavailable));

type Trouble = "none" | "slow caches" | "all";

function isWrite({ method }: RequestOptions): boolean {
  return method !== "GET";
}

/** Faults that a seed chooses. */
function troubles(clock: VirtualClock, trouble: Trouble, seed: number): Intercept {
  const random = seededRandom(seed);
  return faults(clock, (request): Fault => {
    const chance = random.next();
    const ms = Math.floor(random.next() * 300);
    if (trouble === "none") return { type: "none" };
    if (request.querystring?.get("watch") === "true") return { type: "slow stream", ms };
    if (trouble === "slow caches" || chance > 0.25) return { type: "none" };
    if (!isWrite(request)) return { type: "delay", ms };
    const writes: readonly Fault[] = [
      { type: "delay", ms },
      { type: "status", code: 409 },
      { type: "status", code: 500 },
      { type: "refused" },
      { type: "lost answer" },
    ];
    return writes[Math.floor(chance * 4 * writes.length)] ?? { type: "none" };
  });
}

function chosen(pods: readonly Pod[], where: number): Pod | undefined {
  return pods[Math.floor(where * pods.length)];
}

Deno.test("a rolling update never goes beyond maxSurge and maxUnavailable, and always ends", async () => {
  let rollouts = 0;
  await fc.assert(
    fc.asyncProperty(story, async ({ replicas, maxSurge, maxUnavailable, steps, seed, trouble }) => {
      await using world = new World({ controllers: ["deployments", "replica sets"], seed: 1 + seed % 1_000 });
      const { clock } = world;
      const strategy = { type: "RollingUpdate", rollingUpdate: { maxSurge, maxUnavailable } };
      const created = await world.deployments.create(deployment("web", { replicas, strategy }));
      let watched = false;
      const check = async (): Promise<void> => {
        if (!watched) return;
        const pods = (await world.podsOf()).filter(isActive);
        const ready = pods.filter(isReady).length;
        assert.ok(pods.length <= mostPods(created), `${pods.length} pods of at most ${mostPods(created)}`);
        assert.ok(ready >= fewestAvailable(created), `${ready} ready pods of at least ${fewestAvailable(created)}`);
      };
      const failures: unknown[] = [];
      const intercept: Intercept = async (request, next) => {
        const troubled = troubles(clock, watched ? trouble : "none", seed);
        return await troubled(request, async (each) => {
          const answer = await next(each);
          if (isWrite(each)) await check().catch((error) => failures.push(error));
          return answer;
        });
      };
      world.start(intercept);
      await world.converge();
      watched = true;
      for (const each of steps) {
        switch (each.do) {
          case "set image": {
            const template = { spec: { containers: [{ name: "main", image: each.image }] } };
            await world.deployments.patch("web", { type: "strategic", patch: { spec: { template } } });
            break;
          }
          case "start a pod": {
            const pods = (await world.podsOf()).filter((pod) => isActive(pod) && pod.status?.phase === "Pending");
            const pod = chosen(pods, each.pick);
            if (pod !== undefined) await world.run(pod);
            break;
          }
          case "end a pod": {
            const pod = chosen((await world.podsOf()).filter((one) => !isActive(one)), each.pick);
            if (pod !== undefined) await world.end(pod);
            break;
          }
          case "wait":
            await clock.advance(each.ms);
            break;
          case "crash":
            await world.crash();
            world.start(intercept);
            break;
        }
        await clock.settle();
        await check();
      }
      watched = false;
      // Longer than caches lag, and than the pauses after the faults that there were.
      await world.converge(trouble === "none" ? 200 : 15_000);
      if (failures.length > 0) throw failures[0];
      const { spec, status } = await world.deployments.get("web");
      const image = spec.template.spec?.containers[0]?.image;
      const pods = (await world.podsOf()).filter(isActive);
      assert.deepEqual(pods.map((pod) => pod.spec.containers[0]?.image), Array.from({ length: replicas }, () => image));
      assert.deepEqual([status?.replicas, status?.updatedReplicas, status?.availableReplicas], Array(3).fill(replicas));
      assert.equal(status?.conditions?.find(({ type }) => type === "Progressing")?.reason, "NewReplicaSetAvailable");
      rollouts += Math.max(0, (await world.allSets()).length - 1);
    }),
    { numRuns: runs(16), seed: Number(Deno.env.get("SEED") ?? 5) },
  );
  assert.ok(rollouts > runs(16) / 4, `only ${rollouts} rollouts`);
});
