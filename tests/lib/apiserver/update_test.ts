import assert from "node:assert/strict";
import { Api } from "../../../lib/k8s/api/api.ts";
import { pointer } from "../../../lib/k8s/api/patch.ts";
import type { JSONValue } from "../../../lib/k8s/contract.ts";
import { leases } from "../../../lib/k8s/kinds/coordination.ts";
import { refusal, rings, send, start } from "./fixture.ts";

const path = "/api/v1/namespaces/default/configmaps/a";
const conflict = { code: 409, reason: "Conflict" };

Deno.test("replace() with an old resourceVersion is a conflict", async () => {
  using fixture = start();
  const old = await fixture.api.create({ metadata: { name: "a" } });
  await fixture.api.replace({ ...old, data: { k: "1" } });
  const { message, ...status } = await refusal(fixture.api.replace({ ...old, data: { k: "2" } }));
  assert.deepEqual(status, conflict);
  assert.match(message, /^Operation cannot be fulfilled on configmaps "a": the object has been modified/);
});

Deno.test("replace() without resourceVersion wins where the kind allows it", async () => {
  using fixture = start();
  await fixture.api.create({ metadata: { name: "a" } });
  const updated = await fixture.api.replace({ metadata: { name: "a" }, data: { k: "1" } });
  assert.deepEqual(updated.data, { k: "1" });
});

Deno.test("replace() of Leases and custom resources needs a resourceVersion", async () => {
  using fixture = start();
  const ring = new Api(fixture.client, rings);
  const lease = new Api(fixture.client, leases, { namespace: "default" });
  await ring.create({ metadata: { name: "a" }, spec: {} });
  await lease.create({ metadata: { name: "a" }, spec: {} });
  for (const promise of [ring.replace({ metadata: { name: "a" } }), lease.replace({ metadata: { name: "a" } })]) {
    const { code, message } = await refusal(promise);
    assert.equal(code, 422);
    assert.match(message, /metadata\.resourceVersion: Invalid value: 0: must be specified for an update/);
  }
});

Deno.test("replace() with another uid is a conflict", async () => {
  using fixture = start();
  await fixture.api.create({ metadata: { name: "a" } });
  const { message, ...status } = await refusal(fixture.api.replace({ metadata: { name: "a", uid: "x" } }));
  assert.deepEqual(status, conflict);
  assert.match(message, /Precondition failed: UID in precondition: x/);
});

Deno.test("what does not change is not written", async () => {
  using fixture = start();
  const object = await fixture.api.create({ metadata: { name: "a", labels: { b: "1", a: "2" } }, data: { k: "v" } });
  const before = fixture.server.revision;
  assert.deepEqual(
    await fixture.api.replace({ metadata: { name: "a", labels: { a: "2", b: "1" } }, data: { k: "v" } }),
    object,
  );
  await fixture.api.patch("a", { type: "merge", patch: { data: { k: "v" } } });
  assert.equal(fixture.server.revision, before);
});

Deno.test("a write to the main path leaves the status alone, and the other way round", async () => {
  using fixture = start();
  const api = new Api(fixture.client, rings);
  const made = await api.create({ metadata: { name: "r" }, spec: { a: 1 } });
  const withStatus = await api.status.replace({ ...made, spec: { a: 2 }, status: { x: 1 } });
  assert.deepEqual([withStatus.spec, withStatus.status, withStatus.metadata.generation], [{ a: 1 }, { x: 1 }, 1]);
  const withSpec = await api.replace({ ...withStatus, spec: { a: 3 }, status: { x: 9 } });
  assert.deepEqual([withSpec.spec, withSpec.status, withSpec.metadata.generation], [{ a: 3 }, { x: 1 }, 2]);
  const labelled = await api.patch("r", { type: "merge", patch: { metadata: { labels: { a: "b" } } } });
  assert.equal(labelled.metadata.generation, 2);
});

const patches: readonly (readonly [string, JSONValue, "ok" | number, ...(readonly JSONValue[])])[] = [
  ["a test that holds", [{ op: "test", path: "/data/k", value: "v" }], "ok", { k: "v" }],
  ["a test that fails", [{ op: "test", path: "/data/k", value: "x" }], 422],
  ["a test against null of what is absent", [{ op: "test", path: "/data/none", value: null }], "ok", { k: "v" }],
  ["a test against null of what is there", [{ op: "test", path: "/data/k", value: null }], 422],
  ["a test against null where the parent is absent", [{ op: "test", path: "/none/none", value: null }], 422],
  ["an addition", [{ op: "add", path: "/data/x", value: "1" }], "ok", { k: "v", x: "1" }],
  ["an addition where the parent is absent", [{ op: "add", path: "/binaryData/x", value: "1" }], 422],
  ["a replacement of what is absent", [{ op: "replace", path: "/data/x", value: "1" }], "ok", { k: "v", x: "1" }],
  ["a removal", [{ op: "remove", path: "/data/k" }], "ok", undefined],
  ["a removal of what is absent", [{ op: "remove", path: "/data/x" }], 422],
  ["a copy", [{ op: "copy", from: "/data/k", path: "/data/x" }], "ok", { k: "v", x: "v" }],
  ["a move", [{ op: "move", from: "/data/k", path: "/data/x" }], "ok", { x: "v" }],
  ["an unknown operation", [{ op: "frob", path: "/data/k" }], 422],
  ["a change of the uid", [{ op: "replace", path: "/metadata/uid", value: "x" }], 422],
  ["a change of the name", [{ op: "replace", path: "/metadata/name", value: "x" }], 400],
  ["another resourceVersion", [{ op: "add", path: "/metadata/resourceVersion", value: "1" }], 409],
  ["a value of the wrong type", [{ op: "add", path: "/data/k", value: {} }], 422],
  ["what is no list", { op: "test" }, 400],
  ["a list of something else", [5], 400],
];

for (const [name, patch, expected, data] of patches) {
  Deno.test(`a JSON patch with ${name} ${expected === "ok" ? "is applied" : `gets ${expected}`}`, async () => {
    using fixture = start();
    await fixture.api.create({ metadata: { name: "a" }, data: { k: "v" } });
    const contentType = "application/json-patch+json";
    if (expected === "ok") {
      await send(fixture.client, "PATCH", path, patch, { contentType });
      assert.deepEqual((await fixture.api.get("a")).data, data);
    } else {
      const before = fixture.server.revision;
      assert.equal((await refusal(send(fixture.client, "PATCH", path, patch, { contentType }))).code, expected);
      assert.equal(fixture.server.revision, before);
    }
  });
}

Deno.test("a compare-and-set by JSON patch has one winner", async () => {
  using fixture = start();
  await fixture.api.create({ metadata: { name: "a", labels: { x: "1" } } });
  const label = pointer("metadata", "labels", "shard.example.com/ring");
  const attempts = ["p", "q", "r"].map((value) =>
    fixture.api.patch("a", {
      type: "json",
      operations: [{ op: "test", path: label, value: null }, { op: "add", path: label, value }],
    })
  );
  const outcomes = await Promise.allSettled(attempts);
  assert.deepEqual(outcomes.map(({ status }) => status), ["fulfilled", "rejected", "rejected"]);
  assert.equal((await fixture.api.get("a")).metadata.labels?.["shard.example.com/ring"], "p");
});

Deno.test("a JSON patch cannot reach prototypes", async () => {
  using fixture = start();
  await fixture.api.create({ metadata: { name: "a" }, data: { k: "v" } });
  const contentType = "application/json-patch+json";
  for (const target of ["/__proto__/polluted", "/constructor/prototype/polluted"]) {
    const patch = [{ op: "add", path: target, value: "yes" }];
    assert.equal((await refusal(send(fixture.client, "PATCH", path, patch, { contentType }))).code, 422);
  }
  assert.equal(Reflect.get({}, "polluted"), undefined);
});

Deno.test("a merge patch sets, merges and removes", async () => {
  using fixture = start();
  await fixture.api.create({ metadata: { name: "a", labels: { x: "1", y: "2" } }, data: { k: "v" } });
  const patched = await fixture.api.patch("a", {
    type: "merge",
    patch: { metadata: { labels: { x: null, z: "3" } }, data: null },
  });
  assert.deepEqual([patched.metadata.labels, patched.data], [{ y: "2", z: "3" }, undefined]);
});

Deno.test("a merge patch with an old resourceVersion is a conflict", async () => {
  using fixture = start();
  await fixture.api.create({ metadata: { name: "a" } });
  const patch = { metadata: { resourceVersion: "1", labels: { a: "b" } } };
  assert.equal((await refusal(fixture.api.patch("a", { type: "merge", patch }))).code, 409);
});

Deno.test("custom resources take no strategic merge patch", async () => {
  using fixture = start();
  const api = new Api(fixture.client, rings);
  await api.create({ metadata: { name: "a" } });
  assert.equal((await refusal(api.patch("a", { type: "strategic", patch: {} }))).code, 415);
});

Deno.test("concurrent counters with optimistic locking lose no increment", async () => {
  using fixture = start();
  await fixture.api.create({ metadata: { name: "a" }, data: { n: "0" } });
  async function increment(): Promise<void> {
    while (true) {
      const object = await fixture.api.get("a");
      try {
        await fixture.api.replace({ ...object, data: { n: String(Number(object.data?.["n"]) + 1) } });
        return;
      } catch (error) {
        assert.match(String(error), /Conflict/);
      }
    }
  }
  await Promise.all(Array.from({ length: 20 }, increment));
  assert.equal((await fixture.api.get("a")).data?.["n"], "20");
});
