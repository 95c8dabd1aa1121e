import assert from "node:assert/strict";
import { Api } from "../../../lib/k8s/api/api.ts";
import { configMaps, namespaces, secrets } from "../../../lib/k8s/kinds/core.ts";
import type { ConfigMap, OwnerReference } from "../../../lib/k8s/types.ts";
import { brief, refusal, send, start, take } from "./fixture.ts";

function ownedBy(owner: ConfigMap): OwnerReference {
  return { apiVersion: "v1", kind: "ConfigMap", name: owner.metadata.name, uid: owner.metadata.uid ?? "" };
}

Deno.test("delete() answers with a Status that names the object", async () => {
  using fixture = start();
  const { metadata } = await fixture.api.create({ metadata: { name: "a" } });
  const answer = await send(fixture.client, "DELETE", "/api/v1/namespaces/default/configmaps/a");
  const details = { name: "a", kind: "configmaps", uid: metadata.uid };
  assert.deepEqual(answer, { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details });
  assert.equal((await refusal(fixture.api.delete("a"))).code, 404);
});

Deno.test("delete() heeds preconditions", async () => {
  using fixture = start();
  const { metadata: { uid = "", resourceVersion = "" } } = await fixture.api.create({ metadata: { name: "a" } });
  for (const preconditions of [{ uid: "x" }, { resourceVersion: "1" }, { uid, resourceVersion: "1" }]) {
    const { code, reason } = await refusal(fixture.api.delete("a", { preconditions }));
    assert.deepEqual([code, reason], [409, "Conflict"]);
  }
  await fixture.api.delete("a", { preconditions: { uid, resourceVersion } });
  assert.equal(await fixture.api.find("a"), undefined);
});

Deno.test("delete() with dryRun deletes nothing", async () => {
  using fixture = start();
  await fixture.api.create({ metadata: { name: "a" } });
  await fixture.api.delete("a", { dryRun: true });
  assert.notEqual(await fixture.api.find("a"), undefined);
});

Deno.test("finalizers keep an object until the last one goes", async () => {
  using fixture = start();
  const finalizers = ["example.com/a", "example.com/b"];
  await fixture.api.create({ metadata: { name: "a", finalizers } });
  const events = await fixture.api.watch({ resourceVersion: String(fixture.server.revision) });
  await fixture.api.delete("a");
  const { metadata } = await fixture.api.get("a");
  assert.deepEqual([metadata.deletionTimestamp, metadata.deletionGracePeriodSeconds], ["2026-01-01T00:00:00Z", 0]);
  await fixture.api.delete("a");
  const patch = { metadata: { finalizers: [...finalizers, "example.com/c"] } };
  assert.equal((await refusal(fixture.api.patch("a", { type: "merge", patch }))).code, 422);
  for (const left of [["example.com/b"], null]) {
    await fixture.api.patch("a", { type: "merge", patch: { metadata: { finalizers: left } } });
  }
  assert.equal(await fixture.api.find("a"), undefined);
  assert.deepEqual((await take(events, 3)).map(brief), ["MODIFIED a", "MODIFIED a", "DELETED a"]);
});

Deno.test("deleteCollection() deletes what the selector matches, within one namespace", async () => {
  using fixture = start();
  for (const [name, x] of [["a", "1"], ["b", "2"], ["c", "1"]] as const) {
    await fixture.api.create({ metadata: { name, labels: { x } } });
  }
  await fixture.api.deleteCollection({ labelSelector: "x=1" });
  assert.deepEqual((await fixture.api.list()).items.map(({ metadata }) => metadata.name), ["b"]);
  assert.equal((await refusal(new Api(fixture.client, configMaps).deleteCollection())).code, 405);
});

Deno.test("dependents go with their last owner, and theirs with them", async () => {
  using fixture = start();
  const { api } = fixture;
  const one = await api.create({ metadata: { name: "one" } });
  const two = await api.create({ metadata: { name: "two" } });
  const child = await api.create({ metadata: { name: "child", ownerReferences: [ownedBy(one)] } });
  await api.create({ metadata: { name: "grandchild", ownerReferences: [ownedBy(child)] } });
  await api.create({ metadata: { name: "shared", ownerReferences: [ownedBy(one), ownedBy(two)] } });
  await api.delete("one");
  await fixture.clock.settle();
  assert.deepEqual((await api.list()).items.map(({ metadata }) => metadata.name), ["shared", "two"]);
  await api.delete("two");
  await fixture.clock.settle();
  assert.deepEqual((await api.list()).items, []);
});

Deno.test("an object that was made again under the same name is not the owner", async () => {
  using fixture = start();
  const owner = await fixture.api.create({ metadata: { name: "owner" } });
  await fixture.api.create({ metadata: { name: "child", ownerReferences: [ownedBy(owner)] } });
  await fixture.api.delete("owner");
  await fixture.api.create({ metadata: { name: "owner" } });
  await fixture.clock.settle();
  assert.equal(await fixture.api.find("child"), undefined);
});

Deno.test("delete() with propagation Orphan leaves the dependents, without the reference", async () => {
  using fixture = start();
  const owner = await fixture.api.create({ metadata: { name: "owner" } });
  await fixture.api.create({ metadata: { name: "child", ownerReferences: [ownedBy(owner)] } });
  await fixture.api.delete("owner", { propagationPolicy: "Orphan" });
  await fixture.clock.settle();
  assert.equal((await fixture.api.get("child")).metadata.ownerReferences, undefined);
});

Deno.test("a server without garbage collector leaves dependents alone", async () => {
  using fixture = start({ collectGarbage: false });
  const owner = await fixture.api.create({ metadata: { name: "owner" } });
  await fixture.api.create({ metadata: { name: "child", ownerReferences: [ownedBy(owner)] } });
  await fixture.api.delete("owner");
  await fixture.clock.settle();
  assert.notEqual(await fixture.api.find("child"), undefined);
});

Deno.test("a deleted namespace takes nothing more, is emptied and goes when the last finalizer in it goes", async () => {
  using fixture = start();
  const all = new Api(fixture.client, namespaces);
  await all.create({ metadata: { name: "ns" } });
  const inside = fixture.api.inNamespace("ns");
  await inside.create({ metadata: { name: "held", finalizers: ["example.com/a"] } });
  await new Api(fixture.client, secrets, { namespace: "ns" }).create({ metadata: { name: "s" } });
  await all.delete("ns");
  const { code, reason, message } = await refusal(inside.create({ metadata: { name: "late" } }));
  assert.deepEqual([code, reason], [403, "Forbidden"]);
  assert.match(message, /unable to create new content in namespace ns because it is being terminated/);
  await fixture.clock.settle();
  assert.deepEqual((await new Api(fixture.client, secrets, { namespace: "ns" }).list()).items, []);
  assert.notEqual((await all.get("ns")).metadata.deletionTimestamp, undefined);
  await inside.patch("held", { type: "merge", patch: { metadata: { finalizers: null } } });
  await fixture.clock.settle();
  assert.equal(await all.find("ns"), undefined);
});
