import assert from "node:assert/strict";
import type { JSONObject } from "../../../lib/k8s/contract.ts";
import { isJsonObject } from "../../../lib/k8s/errors.ts";
import { Api } from "../../../lib/k8s/api/api.ts";
import { namespaces } from "../../../lib/k8s/kinds/core.ts";
import { planDeletion } from "../../../lib/apiserver/deletion.ts";
import { brief, type Fixture, refusal, send, start, take } from "./fixture.ts";
import { containers, createPod as create, pods, podsPath as path } from "./pod_fixture.ts";

/** deletionTimestamp, grace period and generation after a deletion. */
async function remove(fixture: Fixture, name: string, options: JSONObject = {}): Promise<readonly unknown[]> {
  const answer = await send(fixture.client, "DELETE", `${path}/${name}`, options);
  assert(isJsonObject(answer) && isJsonObject(answer["metadata"]));
  const { deletionTimestamp, deletionGracePeriodSeconds, generation } = answer["metadata"];
  return [deletionTimestamp, deletionGracePeriodSeconds, generation];
}

async function isGone(fixture: Fixture, name: string): Promise<boolean> {
  return await new Api(fixture.client, pods, { namespace: "default" }).find(name) === undefined;
}

const own: readonly (readonly [string, JSONObject, JSONObject, readonly unknown[]])[] = [
  ["its own grace period", { nodeName: "n" }, {}, ["2026-01-01T00:00:30Z", 30, 2]],
  ["another grace period of its own", { nodeName: "n", terminationGracePeriodSeconds: 5 }, {}, [
    "2026-01-01T00:00:05Z",
    5,
    2,
  ]],
  ["the client's grace period", { nodeName: "n" }, { gracePeriodSeconds: 7 }, ["2026-01-01T00:00:07Z", 7, 2]],
  ["a second for a negative grace period", { nodeName: "n" }, { gracePeriodSeconds: -3 }, [
    "2026-01-01T00:00:01Z",
    1,
    2,
  ]],
];

for (const [name, spec, options, expected] of own) {
  Deno.test(`a pod on a node is kept for ${name}`, async () => {
    using fixture = start();
    await create(fixture, "a", spec);
    assert.deepEqual(await remove(fixture, "a", options), expected);
    assert.equal(await isGone(fixture, "a"), false);
  });
}

Deno.test("a second deletion of a pod may shorten its grace period, counted from the first, and not lengthen it", async () => {
  using fixture = start();
  await create(fixture, "a", { nodeName: "n" });
  await remove(fixture, "a");
  await fixture.clock.advance(4_000);
  const first = ["2026-01-01T00:00:30Z", 30, 2];
  assert.deepEqual(await remove(fixture, "a", { gracePeriodSeconds: 60 }), first);
  assert.deepEqual(await remove(fixture, "a"), first);
  const shorter = ["2026-01-01T00:00:10Z", 10, 2];
  assert.deepEqual(await remove(fixture, "a", { gracePeriodSeconds: 10 }), shorter);
  assert.deepEqual(await remove(fixture, "a", { propagationPolicy: "Foreground" }), shorter);
  assert.deepEqual(await remove(fixture, "a", { gracePeriodSeconds: 0 }), ["2026-01-01T00:00:00Z", 0, 2]);
  assert.equal(await isGone(fixture, "a"), true);
});

Deno.test("pods of which nothing runs go at once, and watchers see the mark before they go", async () => {
  using fixture = start();
  const api = new Api(fixture.client, pods, { namespace: "default" });
  const events = await api.watch({ resourceVersion: String(fixture.server.revision) });
  await create(fixture, "unscheduled");
  await create(fixture, "done", { nodeName: "n" });
  await send(fixture.client, "PATCH", `${path}/done/status`, { status: { phase: "Succeeded" } }, {
    contentType: "application/merge-patch+json",
  });
  for (const name of ["unscheduled", "done"]) {
    assert.deepEqual(await remove(fixture, name, { gracePeriodSeconds: 20 }), ["2026-01-01T00:00:00Z", 0, 2]);
    assert.equal(await isGone(fixture, name), true);
  }
  assert.deepEqual((await take(events, 7)).map(brief), [
    "ADDED unscheduled",
    "ADDED done",
    "MODIFIED done",
    "MODIFIED unscheduled",
    "DELETED unscheduled",
    "MODIFIED done",
    "DELETED done",
  ]);
});

Deno.test("a pod with finalizers goes when they and its grace period are over, in either order", async () => {
  using fixture = start();
  const drop = { metadata: { finalizers: null } };
  const merge = { contentType: "application/merge-patch+json" };
  for (const order of ["finalizers first", "node first"]) {
    await create(fixture, "a", { nodeName: "n" }, { finalizers: ["example.com/x"] });
    await remove(fixture, "a");
    if (order === "finalizers first") await send(fixture.client, "PATCH", `${path}/a`, drop, merge);
    else await remove(fixture, "a", { gracePeriodSeconds: 0 });
    assert.equal(await isGone(fixture, "a"), false, order);
    if (order === "finalizers first") await remove(fixture, "a", { gracePeriodSeconds: 0 });
    else await send(fixture.client, "PATCH", `${path}/a`, drop, merge);
    assert.equal(await isGone(fixture, "a"), true, order);
  }
});

Deno.test("a dry run and a wrong precondition leave a pod as it is", async () => {
  using fixture = start();
  await create(fixture, "a", { nodeName: "n" });
  assert.deepEqual(await remove(fixture, "a", { dryRun: ["All"] }), ["2026-01-01T00:00:30Z", 30, 2]);
  const wrong = send(fixture.client, "DELETE", `${path}/a`, { preconditions: { uid: "x" } });
  assert.equal((await refusal(wrong)).code, 409);
  const pod = await new Api(fixture.client, pods, { namespace: "default" }).get("a");
  assert.equal(pod.metadata.deletionTimestamp, undefined);
});

Deno.test("the deletion of all pods gives each its grace period", async () => {
  using fixture = start();
  await create(fixture, "a", { nodeName: "n" });
  await create(fixture, "b");
  await send(fixture.client, "DELETE", `${path}?gracePeriodSeconds=3`);
  const api = new Api(fixture.client, pods, { namespace: "default" });
  assert.deepEqual(
    (await api.list()).items.map(({ metadata }) => [metadata.name, metadata.deletionGracePeriodSeconds]),
    [["a", 3]],
  );
});

Deno.test("a namespace waits for its pods, and a pod whose owner is gone for its node", async () => {
  using fixture = start();
  const all = new Api(fixture.client, namespaces);
  await all.create({ metadata: { name: "ns" } });
  const inside = "/api/v1/namespaces/ns/pods";
  await send(fixture.client, "POST", inside, {
    metadata: { name: "p" },
    spec: { nodeName: "n", containers: [...containers] },
  });
  await all.delete("ns");
  await fixture.clock.settle();
  const pod = await new Api(fixture.client, pods, { namespace: "ns" }).get("p");
  assert.equal(pod.metadata.deletionGracePeriodSeconds, 30);
  assert.notEqual(await all.find("ns"), undefined);
  await send(fixture.client, "DELETE", `${inside}/p`, { gracePeriodSeconds: 0 });
  await fixture.clock.settle();
  assert.equal(await all.find("ns"), undefined);
  const owner = await fixture.api.create({ metadata: { name: "owner" } });
  const { name, uid = "" } = owner.metadata;
  await create(fixture, "owned", { nodeName: "n" }, {
    ownerReferences: [{ apiVersion: "v1", kind: "ConfigMap", name, uid }],
  });
  await fixture.api.delete("owner");
  await fixture.clock.settle();
  assert.deepEqual(await remove(fixture, "owned"), ["2026-01-01T00:00:30Z", 30, 2]);
});

Deno.test("nobody changes the grace period of a pod but by deleting it", async () => {
  using fixture = start();
  await create(fixture, "p", { nodeName: "n" });
  const merge = { contentType: "application/merge-patch+json" };
  const patch = { metadata: { deletionGracePeriodSeconds: 0 } };
  const { code, message } = await refusal(send(fixture.client, "PATCH", `${path}/p`, patch, merge));
  const why = 'Pod "p" is invalid: metadata.deletionGracePeriodSeconds: Invalid value: 0: field is immutable';
  assert.deepEqual([code, message], [422, why]);
});

Deno.test("planDeletion() changes nothing of what it is given", () => {
  const pod: JSONObject = { apiVersion: "v1", kind: "Pod", metadata: { generation: 1 }, spec: { nodeName: "n" } };
  const before = JSON.stringify(pod);
  planDeletion(pod, { gracePeriodSeconds: 5, finalizers: ["example.com/x"], now: 0 });
  assert.equal(JSON.stringify(pod), before);
});
