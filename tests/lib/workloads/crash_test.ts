import assert from "node:assert/strict";
import { type Fault, faults, type Intercept } from "../../../lib/apiserver/mod.ts";
import { ConnectionError } from "../../../lib/k8s/errors.ts";
import type { RequestOptions } from "../../../lib/k8s/contract.ts";
import { controllerOf } from "../../../lib/k8s/types.ts";
import { isActive } from "../../../lib/workloads/objects/pod_state.ts";
import { deployment, World } from "./world.ts";
import { isHunt } from "../../support/runs.ts";

/** A write of the controllers, but for events, which may get lost. */
function isWrite({ method, path }: RequestOptions): boolean {
  return method !== "GET" && !path.endsWith("/events");
}

/** A rollout, another size for it, and in its middle the way back: what is there in the end. */
async function story(world: World): Promise<unknown> {
  const patch = (image: string): Promise<unknown> => {
    const template = { spec: { containers: [{ name: "main", image }] } };
    return world.deployments.patch("web", { type: "strategic", patch: { spec: { template, replicas: 2 } } });
  };
  await world.deployments.create(deployment("web", { replicas: 1, revisionHistoryLimit: 1 }));
  await world.converge();
  await patch("two");
  await world.quiet();
  await patch("one");
  await world.converge(2_000);
  const { status, metadata } = await world.deployments.get("web");
  const pods = await world.podsOf();
  const sets = (await world.allSets()).map((set) => ({
    image: set.spec.template.spec?.containers[0]?.image,
    revision: set.metadata.annotations?.["deployment.kubernetes.io/revision"],
    size: set.spec.replicas,
    pods: pods.filter((pod) => isActive(pod) && controllerOf(pod.metadata)?.uid === set.metadata.uid).length,
  }));
  return {
    revision: metadata.annotations?.["deployment.kubernetes.io/revision"],
    numbers: [status?.replicas, status?.updatedReplicas, status?.availableReplicas, status?.unavailableReplicas],
    conditions: status?.conditions?.map(({ type, status, reason }) => `${type} ${status} ${reason}`).sort(),
    sets: sets.toSorted((a, b) => Number(a.revision) - Number(b.revision)),
    pods: pods.length,
  };
}

/** Whoever notices that the controllers are dead starts them again. */
class Mortal extends World {
  dead = false;

  override async quiet(calm?: number): Promise<void> {
    await super.quiet(calm);
    if (!this.dead) return;
    await this.crash();
    this.dead = false;
    this.start();
    await super.quiet(calm);
  }
}

/** The story with one fault at the write of this number, from 1; and how many writes there were. */
async function disturbed(
  at: number,
  what: "crash" | Fault,
): Promise<{ readonly end: unknown; readonly writes: number }> {
  await using world = new Mortal({ controllers: ["deployments", "replica sets"] });
  let writes = 0;
  const dying: Intercept = async (request, next) => {
    if (world.dead) throw new ConnectionError("this controller is dead");
    const answer = await next(request);
    if (isWrite(request) && ++writes === at) world.dead = true;
    if (world.dead) throw new ConnectionError("this controller is dead");
    return answer;
  };
  const failing = faults(world.clock, (request): Fault => {
    return isWrite(request) && ++writes === at && what !== "crash" ? what : { type: "none" };
  });
  world.start(what === "crash" ? dying : failing);
  return { end: await story(world), writes };
}

const settled = {
  revision: "3",
  numbers: [2, 2, 2, undefined],
  conditions: ["Available True MinimumReplicasAvailable", "Progressing True NewReplicaSetAvailable"],
  sets: [{ image: "two", revision: "2", size: 0, pods: 0 }, { image: "one", revision: "3", size: 2, pods: 2 }],
  pods: 2,
};

Deno.test("a crash right after any one write changes nothing in what becomes of a Deployment", async () => {
  const { end, writes } = await disturbed(0, "crash");
  assert.deepEqual(end, settled);
  assert.ok(writes > 20, `only ${writes} writes`);
  for (let at = 1; at <= writes; at += isHunt ? 1 : 2) {
    assert.deepEqual((await disturbed(at, "crash")).end, settled, `a crash after write ${at} of ${writes}`);
  }
});

Deno.test("a lost answer, a conflict or a failure at any one write changes nothing in what becomes of a Deployment", async () => {
  const whats: readonly Fault[] = [
    { type: "lost answer" },
    { type: "status", code: 409 },
    { type: "status", code: 500 },
  ];
  const { writes } = await disturbed(0, { type: "none" });
  // The faults change from one write to the next.
  for (let at = 1; at <= writes; at += isHunt ? 1 : 4) {
    const what = whats[at % whats.length] ?? { type: "none" };
    assert.deepEqual((await disturbed(at, what)).end, settled, `${JSON.stringify(what)} at write ${at} of ${writes}`);
  }
});
