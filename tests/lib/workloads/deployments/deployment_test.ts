import assert from "node:assert/strict";
import { type Fault, faults } from "../../../../lib/apiserver/mod.ts";
import { controllerOf } from "../../../../lib/k8s/types.ts";
import { templateHash } from "../../../../lib/workloads/deployments/template_hash.ts";
import type { Deployment, DeploymentCondition, ReplicaSet } from "../../../../lib/workloads/kinds/apps.ts";
import { isActive } from "../../../../lib/workloads/objects/pod_state.ts";
import { deployment, World } from "../world.ts";

/** A world with the two controllers, and a Deployment "web" that has all its pods. */
async function start(spec: Partial<Deployment["spec"]> = {}): Promise<World> {
  const world = new World({ controllers: ["deployments", "replica sets"] });
  world.start();
  await world.deployments.create(deployment("web", { replicas: 3, ...spec }));
  await world.converge();
  return world;
}

function setImage(world: World, image: string): Promise<Deployment> {
  const template = { spec: { containers: [{ name: "main", image }] } };
  return world.deployments.patch("web", { type: "strategic", patch: { spec: { template } } });
}

function change(world: World, spec: Record<string, number | boolean | string | null>): Promise<Deployment> {
  return world.deployments.patch("web", { type: "merge", patch: { spec } });
}

async function condition(world: World, type: string): Promise<DeploymentCondition | undefined> {
  return (await world.deployments.get("web")).status?.conditions?.find((each) => each.type === type);
}

/** The ReplicaSets by image: revision, size, and pods that are really there. */
async function sizes(world: World): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const set of await world.allSets()) {
    const pods = (await world.podsOf(set)).filter(isActive).length;
    found[imageOf(set)] = `${revision(set)}: ${set.spec.replicas} wanted, ${pods} there`;
  }
  return found;
}

function imageOf(set: ReplicaSet): string {
  return set.spec.template.spec?.containers[0]?.image ?? "";
}

function revision(object: ReplicaSet | Deployment): string | undefined {
  return object.metadata.annotations?.["deployment.kubernetes.io/revision"];
}

Deno.test("a Deployment gets a ReplicaSet that is told apart by the hash of the template", async () => {
  await using world = await start();
  const [set] = await world.allSets();
  const { metadata, spec } = await world.deployments.get("web");
  const hash = templateHash(spec.template);
  assert.ok(set !== undefined);
  assert.equal(set.metadata.name, `web-${hash}`);
  const labels = { app: "web", "pod-template-hash": hash };
  assert.deepEqual(set.metadata.labels, labels);
  assert.deepEqual(set.spec.selector, { matchLabels: labels });
  assert.deepEqual(set.spec.template.metadata?.labels, labels);
  assert.deepEqual(controllerOf(set.metadata)?.uid, metadata.uid);
  assert.deepEqual(set.metadata.annotations, {
    "deployment.kubernetes.io/revision": "1",
    "deployment.kubernetes.io/desired-replicas": "3",
    "deployment.kubernetes.io/max-replicas": "4",
  });
  assert.deepEqual(metadata.annotations, { "deployment.kubernetes.io/revision": "1" });
});

Deno.test("a rolling update goes step by step, and tells of each", async () => {
  await using world = await start();
  const [old] = await world.allSets();
  await setImage(world, "two");
  await world.converge();
  assert.deepEqual(await sizes(world), { one: "1: 0 wanted, 0 there", two: "2: 3 wanted, 3 there" });
  const set = (await world.allSets()).find((each) => imageOf(each) === "two");
  const scaled = (direction: string, { metadata }: { readonly metadata: { readonly name: string } }, steps: string) =>
    `ScalingReplicaSet: Scaled ${direction} replica set ${metadata.name} ${steps}`;
  assert.ok(old !== undefined && set !== undefined);
  assert.deepEqual(await world.eventsOf("web"), [
    scaled("up", old, "from 0 to 3"),
    scaled("up", set, "from 0 to 1"),
    scaled("down", old, "from 3 to 2"),
    scaled("up", set, "from 1 to 2"),
    scaled("down", old, "from 2 to 1"),
    scaled("up", set, "from 2 to 3"),
    scaled("down", old, "from 1 to 0"),
  ]);
});

Deno.test("going back uses the former ReplicaSet again, under a new revision", async () => {
  await using world = await start();
  const [first] = await world.allSets();
  await setImage(world, "two");
  await world.converge();
  await setImage(world, "one");
  await world.converge();
  assert.deepEqual(await sizes(world), { one: "3: 3 wanted, 3 there", two: "2: 0 wanted, 0 there" });
  const again = await world.sets.get(first?.metadata.name ?? "");
  assert.equal(again.metadata.uid, first?.metadata.uid);
  assert.equal(again.metadata.annotations?.["deployment.kubernetes.io/revision-history"], "1");
  assert.equal(revision(await world.deployments.get("web")), "3");
});

Deno.test('"Recreate" starts no new pod before the last old one has ended', async () => {
  await using world = await start({ strategy: { type: "Recreate" } });
  await world.pods.patch((await world.podsOf())[0]?.metadata.name ?? "", {
    type: "merge",
    patch: { metadata: { finalizers: ["example.org/slow"] } },
  });
  await setImage(world, "two");
  await world.converge();
  const [last, ...others] = await world.podsOf();
  assert.equal(others.length, 0);
  assert.ok(last?.metadata.deletionTimestamp !== undefined);
  assert.deepEqual(await sizes(world), { one: "1: 0 wanted, 0 there" });
  await world.pods.patch(last.metadata.name, { type: "merge", patch: { metadata: { finalizers: null } } });
  await world.converge();
  assert.deepEqual(await sizes(world), { one: "1: 0 wanted, 0 there", two: "2: 3 wanted, 3 there" });
});

Deno.test("a paused Deployment is scaled but not rolled out", async () => {
  await using world = await start();
  await change(world, { paused: true });
  await setImage(world, "two");
  await change(world, { replicas: 5 });
  await world.converge();
  assert.deepEqual(await sizes(world), { one: "1: 5 wanted, 5 there" });
  const paused = await condition(world, "Progressing");
  assert.deepEqual([paused?.status, paused?.reason], ["Unknown", "DeploymentPaused"]);
  await change(world, { paused: false });
  await world.converge();
  assert.deepEqual(await sizes(world), { one: "1: 0 wanted, 0 there", two: "2: 5 wanted, 5 there" });
});

Deno.test("scaling in the middle of a rollout gives each ReplicaSet its share", async () => {
  await using world = await start({
    replicas: 10,
    strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } },
  });
  await setImage(world, "stuck");
  await world.quiet();
  assert.deepEqual(await sizes(world), { one: "1: 8 wanted, 8 there", stuck: "2: 5 wanted, 5 there" });
  await change(world, { replicas: 15 });
  await world.quiet();
  // 18 are allowed, 5 more: 8/13 and 5/13 of 18 are 11.08 and 6.9 (the example of Kubernetes' documentation).
  assert.deepEqual(await sizes(world), { one: "1: 11 wanted, 11 there", stuck: "2: 7 wanted, 7 there" });
  await change(world, { replicas: 0 });
  await world.converge();
  assert.deepEqual(await sizes(world), { one: "1: 0 wanted, 0 there", stuck: "2: 0 wanted, 0 there" });
});

Deno.test("a rollout that gets nowhere is reported after its deadline, and can still succeed", async () => {
  await using world = await start({ progressDeadlineSeconds: 60 });
  await setImage(world, "stuck");
  await world.clock.advance(58_000);
  assert.equal((await condition(world, "Progressing"))?.reason, "ReplicaSetUpdated");
  await world.clock.advance(5_000);
  const late = await condition(world, "Progressing");
  const set = (await world.allSets()).find((each) => imageOf(each) === "stuck");
  assert.deepEqual([late?.status, late?.reason, late?.message], [
    "False",
    "ProgressDeadlineExceeded",
    `ReplicaSet "${set?.metadata.name}" has timed out progressing.`,
  ]);
  assert.equal((await condition(world, "Available"))?.status, "True");
  await world.converge();
  const done = await condition(world, "Progressing");
  assert.deepEqual([done?.status, done?.reason], ["True", "NewReplicaSetAvailable"]);
  await change(world, { progressDeadlineSeconds: 2_147_483_647 });
  await world.converge();
  assert.equal(await condition(world, "Progressing"), undefined);
});

Deno.test("pods that are lost after a rollout make the Deployment unavailable, but no rollout", async () => {
  await using world = await start();
  for (const pod of await world.podsOf()) await world.run(pod, false);
  await world.quiet();
  const available = await condition(world, "Available");
  assert.deepEqual([available?.status, available?.reason], ["False", "MinimumReplicasUnavailable"]);
  await world.clock.advance(20 * 60_000);
  assert.equal((await condition(world, "Progressing"))?.reason, "NewReplicaSetAvailable");
});

Deno.test("only so many ReplicaSets are kept for history, the latest ones", async () => {
  await using world = await start({ revisionHistoryLimit: 1 });
  for (const image of ["two", "three", "four"]) {
    await setImage(world, image);
    await world.converge();
  }
  assert.deepEqual(Object.keys(await sizes(world)).sort(), ["four", "three"]);
});

Deno.test("a ReplicaSet whose name is taken gets another hash", async () => {
  await using world = new World({ controllers: ["deployments", "replica sets"] });
  const draft = deployment("web", { replicas: 1 });
  const created = await world.deployments.create(draft);
  const hash = templateHash(created.spec.template);
  await world.sets.create({
    metadata: { name: `web-${hash}` },
    spec: {
      selector: { matchLabels: { app: "foreign" } },
      template: { metadata: { labels: { app: "foreign" } }, spec: { containers: [{ name: "a", image: "a" }] } },
    },
  });
  world.start();
  await world.converge();
  const names = (await world.allSets()).map(({ metadata }) => metadata.name).sort();
  assert.deepEqual(names, [`web-${hash}`, `web-${templateHash(created.spec.template, 1)}`].sort());
  const { status } = await world.deployments.get("web");
  assert.deepEqual([status?.collisionCount, status?.availableReplicas], [1, 1]);
});

Deno.test("a ReplicaSet that cannot be created is reported", async () => {
  await using world = new World({ controllers: ["deployments", "replica sets"] });
  let refusing = true;
  world.start(faults(world.clock, ({ method, path }): Fault => {
    const refused = refusing && method === "POST" && path.endsWith("/replicasets");
    return refused ? { type: "status", code: 403, message: "no more" } : { type: "none" };
  }));
  await world.deployments.create(deployment("web", { replicas: 1 }));
  await world.clock.advance(50);
  const failed = await condition(world, "Progressing");
  assert.deepEqual([failed?.status, failed?.reason], ["False", "ReplicaSetCreateError"]);
  assert.match(failed?.message ?? "", /^Failed to create new replica set "web-[a-z0-9]+": no more$/);
  assert.ok((await world.eventsOf("web")).includes(`ReplicaSetCreateError: ${failed?.message}`));
  refusing = false;
  await world.converge(2_000);
  assert.equal((await condition(world, "Progressing"))?.reason, "NewReplicaSetAvailable");
});

Deno.test("failures of a ReplicaSet's pods show in the Deployment", async () => {
  await using world = new World({ controllers: ["deployments", "replica sets"] });
  world.start(faults(world.clock, ({ method, path }): Fault => {
    const refused = method === "POST" && path.endsWith("/pods");
    return refused ? { type: "status", code: 403, message: "exceeded quota" } : { type: "none" };
  }));
  await world.deployments.create(deployment("web", { replicas: 1 }));
  await world.clock.advance(200);
  const failure = await condition(world, "ReplicaFailure");
  assert.deepEqual([failure?.status, failure?.reason, failure?.message], ["True", "FailedCreate", "exceeded quota"]);
});

Deno.test("ReplicaSets without a controller are adopted, and their pods with them", async () => {
  await using world = await start();
  const before = await world.allSets();
  const pods = (await world.podsOf()).map(({ metadata }) => metadata.uid).sort();
  await world.deployments.delete("web", { propagationPolicy: "Orphan" });
  await world.converge();
  assert.equal((await world.allSets())[0]?.metadata.ownerReferences, undefined);
  const { metadata } = await world.deployments.create(deployment("web", { replicas: 3 }));
  await world.converge();
  const [adopted, ...others] = await world.allSets();
  assert.deepEqual([adopted?.metadata.uid, others.length], [before[0]?.metadata.uid, 0]);
  assert.equal(adopted === undefined ? "" : controllerOf(adopted.metadata)?.uid, metadata.uid);
  assert.deepEqual((await world.podsOf()).map((pod) => pod.metadata.uid).sort(), pods);
});

Deno.test("annotations and minReadySeconds of a Deployment pass on to its ReplicaSet, those of kubectl apply do not", async () => {
  await using world = await start();
  const annotations = { "kubernetes.io/change-cause": "why", "kubectl.kubernetes.io/last-applied-configuration": "{}" };
  await world.deployments.patch("web", {
    type: "merge",
    patch: { metadata: { annotations }, spec: { minReadySeconds: 7 } },
  });
  await world.converge();
  const [set] = await world.allSets();
  assert.equal(set?.metadata.annotations?.["kubernetes.io/change-cause"], "why");
  assert.equal(set?.metadata.annotations?.["kubectl.kubernetes.io/last-applied-configuration"], undefined);
  assert.equal(set?.spec.minReadySeconds, 7);
});

Deno.test("a settled Deployment writes nothing", async () => {
  await using world = await start();
  await setImage(world, "two");
  await world.converge();
  await world.clock.advance(10 * 60_000);
  const { revision } = world.server;
  await world.clock.advance(60 * 60_000);
  assert.equal(world.server.revision, revision);
});
