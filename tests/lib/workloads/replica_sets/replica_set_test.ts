import assert from "node:assert/strict";
import { type Fault, faults } from "../../../../lib/apiserver/mod.ts";
import type { RequestOptions } from "../../../../lib/k8s/contract.ts";
import { controllerOf } from "../../../../lib/k8s/types.ts";
import { isActive } from "../../../../lib/workloads/objects/pod_state.ts";
import { replicaSet, World, type WorldOptions } from "../world.ts";

/** A world with the controller of ReplicaSets only. */
function start(options: WorldOptions = {}): World {
  const world = new World({ controllers: ["replica sets"], ...options });
  world.start();
  return world;
}

/** Is this the creation of a pod? */
function createsPod({ method, path }: RequestOptions): boolean {
  return method === "POST" && path.endsWith("/pods");
}

Deno.test("a ReplicaSet gets as many pods as it wants, made from its template", async () => {
  await using world = start();
  const template = {
    metadata: { labels: { app: "web", tier: "front" }, annotations: { note: "a" } },
    spec: { containers: [{ name: "main", image: "one" }] },
  };
  const set = await world.sets.create(replicaSet("web", { replicas: 3, template }));
  await world.converge();
  const pods = await world.podsOf(set);
  assert.equal(pods.length, 3);
  for (const { metadata, spec } of pods) {
    assert.match(metadata.name, /^web-[a-z0-9]{5}$/);
    assert.deepEqual(metadata.labels, template.metadata.labels);
    assert.deepEqual(metadata.annotations, template.metadata.annotations);
    assert.deepEqual(metadata.ownerReferences, [{
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      name: "web",
      uid: set.metadata.uid,
      controller: true,
      blockOwnerDeletion: true,
    }]);
    assert.equal(spec.containers[0]?.image, "one");
  }
  assert.deepEqual((await world.sets.get("web")).status, {
    replicas: 3,
    fullyLabeledReplicas: 3,
    readyReplicas: 3,
    availableReplicas: 3,
    terminatingReplicas: 0,
    observedGeneration: 1,
  });
  const events = await world.eventsOf("web");
  assert.deepEqual(
    events.toSorted(),
    pods.map(({ metadata }) => `SuccessfulCreate: Created pod: ${metadata.name}`).sort(),
  );
});

Deno.test("a ReplicaSet that is scaled down gives up the pods that are not ready", async () => {
  await using world = start();
  const set = await world.sets.create(replicaSet("web", { replicas: 4 }));
  await world.quiet();
  const [first, second] = await world.podsOf(set);
  assert.ok(first !== undefined && second !== undefined);
  await world.run(first);
  await world.run(second);
  await world.sets.patch("web", { type: "merge", patch: { spec: { replicas: 2 } } });
  await world.quiet();
  const left = (await world.podsOf(set)).filter(isActive).map(({ metadata }) => metadata.name);
  assert.deepEqual(left.sort(), [first.metadata.name, second.metadata.name].sort());
  const deleted = (await world.eventsOf("web")).filter((event) =>
    event.startsWith("SuccessfulDelete: Deleted pod: web-")
  );
  assert.equal(deleted.length, 2);
});

Deno.test("pods that have ended or are deleted are replaced", async () => {
  await using world = start();
  const set = await world.sets.create(replicaSet("web", { replicas: 2 }));
  await world.converge();
  const [failed, deleted] = await world.podsOf(set);
  assert.ok(failed !== undefined && deleted !== undefined);
  await world.pods.status.patch(failed.metadata.name, { type: "merge", patch: { status: { phase: "Failed" } } });
  await world.pods.delete(deleted.metadata.name);
  await world.converge();
  const pods = await world.podsOf(set);
  assert.equal(pods.filter(isActive).length, 2);
  assert.ok(!pods.filter(isActive).some(({ metadata }) => metadata.name === failed.metadata.name));
  assert.ok(!pods.some(({ metadata }) => metadata.name === deleted.metadata.name));
});

Deno.test("a pod that nobody controls is adopted by the ReplicaSet that selects it, and released when it no longer does", async () => {
  await using world = start();
  const { metadata } = await world.pods.create({
    metadata: { name: "stray", labels: { app: "web" } },
    spec: { containers: [{ name: "main", image: "one" }] },
  });
  const set = await world.sets.create(replicaSet("web", { replicas: 1 }));
  await world.converge();
  const adopted = await world.pods.get("stray");
  assert.equal(controllerOf(adopted.metadata)?.uid, set.metadata.uid);
  assert.equal((await world.podsOf()).length, 1);
  await world.pods.patch("stray", { type: "merge", patch: { metadata: { labels: { app: "other" } } } });
  await world.converge();
  const released = await world.pods.get("stray");
  assert.deepEqual([released.metadata.ownerReferences ?? [], released.metadata.uid], [[], metadata.uid]);
  assert.equal((await world.podsOf(set)).length, 1);
  // Back again: one of the two is too many now.
  await world.pods.patch("stray", { type: "merge", patch: { metadata: { labels: { app: "web" } } } });
  await world.converge();
  assert.equal((await world.podsOf(set)).length, 1);
  assert.equal((await world.podsOf()).length, 1);
});

Deno.test("a ReplicaSet that is gone by now adopts nothing, though the cache still shows it", async () => {
  await using world = new World({ controllers: ["replica sets"] });
  world.start(faults(world.clock, ({ path, querystring }): Fault => {
    const slow = querystring?.get("watch") === "true" && path.endsWith("/replicasets");
    return slow ? { type: "slow stream", ms: 5_000 } : { type: "none" };
  }));
  const set = await world.sets.create(replicaSet("web", { replicas: 0 }));
  await world.clock.advance(20_000);
  await world.sets.delete("web");
  await world.pods.create({
    metadata: { name: "stray", labels: { app: "web" } },
    spec: { containers: [{ name: "main", image: "one" }] },
  });
  await world.clock.advance(1_000);
  assert.equal((await world.pods.get("stray")).metadata.ownerReferences, undefined);
  await world.clock.advance(20_000);
  assert.equal((await world.pods.get("stray")).metadata.ownerReferences, undefined);
  assert.equal((await world.podsOf(set)).length, 0);
});

Deno.test("a pod becomes available after it has been ready for minReadySeconds, without any event", async () => {
  await using world = start();
  await world.sets.create(replicaSet("web", { replicas: 1, minReadySeconds: 30 }));
  await world.converge();
  const before = (await world.sets.get("web")).status;
  assert.deepEqual([before?.readyReplicas, before?.availableReplicas ?? 0], [1, 0]);
  await world.clock.advance(31_000);
  assert.equal((await world.sets.get("web")).status?.availableReplicas, 1);
});

Deno.test("a ReplicaSet says why it cannot create pods, tries few at a time, and says no more when it can", async () => {
  let refusing = true;
  let refused = 0;
  await using world = new World({ controllers: ["replica sets"] });
  world.start(faults(world.clock, (request): Fault => {
    if (!refusing || !createsPod(request)) return { type: "none" };
    refused++;
    return { type: "status", code: 403, reason: "Forbidden", message: "exceeded quota" };
  }));
  await world.sets.create(replicaSet("web", { replicas: 100 }));
  await world.clock.advance(100);
  const [condition] = (await world.sets.get("web")).status?.conditions ?? [];
  assert.deepEqual([condition?.type, condition?.status, condition?.reason, condition?.message], [
    "ReplicaFailure",
    "True",
    "FailedCreate",
    "exceeded quota",
  ]);
  assert.ok(refused > 1 && refused < 10, `${refused} requests in 100 ms`);
  assert.ok((await world.eventsOf("web")).includes("FailedCreate: Error creating: exceeded quota"));
  refusing = false;
  await world.clock.advance(5_000);
  await world.converge();
  const { status } = await world.sets.get("web");
  assert.deepEqual([status?.replicas, status?.conditions], [100, undefined]);
});

Deno.test("no pod is created twice when the cache of pods lags or answers get lost", async () => {
  await using world = new World({ controllers: ["replica sets"] });
  let created = 0;
  let lost = 0;
  world.start(faults(world.clock, (request): Fault => {
    if (request.querystring?.get("watch") === "true") return { type: "slow stream", ms: 700 };
    if (!createsPod(request)) return { type: "none" };
    created++;
    return created % 3 === 0 && ++lost > 0 ? { type: "lost answer" } : { type: "none" };
  }));
  const set = await world.sets.create(replicaSet("web", { replicas: 10 }));
  await world.converge(20_000);
  assert.equal((await world.podsOf(set)).length, 10);
  assert.ok(lost > 2, `${lost} answers were lost`);
  assert.equal(created, 10);
  // Each look at what was deleted, too, waits for the cache.
  await world.sets.patch("web", { type: "merge", patch: { spec: { replicas: 6 } } });
  await world.converge(20_000);
  assert.equal((await world.podsOf(set)).filter(isActive).length, 6);
  assert.equal(created, 10);
});

Deno.test("a ReplicaSet tells nothing of its size while the cache does not show the pods that it made", async () => {
  await using world = new World({ controllers: ["replica sets"] });
  world.start(faults(world.clock, ({ path, querystring }): Fault => {
    const slow = querystring?.get("watch") === "true" && path.endsWith("/pods");
    return slow ? { type: "slow stream", ms: 1_000 } : { type: "none" };
  }));
  await world.clock.advance(5_000);
  const set = await world.sets.create(replicaSet("web", { replicas: 2 }));
  await world.clock.advance(100);
  assert.equal((await world.podsOf(set)).length, 2);
  await world.sets.patch("web", { type: "merge", patch: { spec: { replicas: 0 } } });
  await world.clock.advance(500);
  // A Deployment would take "0 pods in generation 2" for room that is not there.
  assert.equal((await world.sets.get("web")).status?.observedGeneration, 1);
  await world.converge(5_000);
  const { status } = await world.sets.get("web");
  assert.deepEqual([status?.observedGeneration, status?.replicas], [2, 0]);
  assert.equal((await world.podsOf(set)).filter(isActive).length, 0);
});

Deno.test("the pods of a deleted ReplicaSet are collected, or left to themselves if that is wanted", async () => {
  await using world = start();
  await world.sets.create(replicaSet("web", { replicas: 2 }));
  await world.sets.create(replicaSet("kept", { replicas: 2 }));
  await world.converge();
  await world.sets.delete("web");
  await world.sets.delete("kept", { propagationPolicy: "Orphan" });
  await world.converge();
  const pods = await world.podsOf();
  assert.deepEqual(pods.map(({ metadata }) => metadata.labels?.["app"]), ["kept", "kept"]);
  assert.deepEqual(pods.map(({ metadata }) => metadata.ownerReferences), [undefined, undefined]);
});

Deno.test("a settled ReplicaSet writes nothing", async () => {
  await using world = start();
  await world.sets.create(replicaSet("web", { replicas: 2 }));
  await world.converge();
  // The counts of events may still rise.
  await world.clock.advance(10 * 60_000);
  const { revision } = world.server;
  await world.clock.advance(60 * 60_000);
  assert.equal(world.server.revision, revision);
});
