import assert from "node:assert/strict";
import { Api } from "../../../lib/k8s/api/api.ts";
import { ApiError } from "../../../lib/k8s/errors.ts";
import { mutatingWebhookConfigurations } from "../../../lib/k8s/kinds/admissionregistration.ts";
import { secrets } from "../../../lib/k8s/kinds/core.ts";
import type { MutatingWebhook } from "../../../lib/k8s/types.ts";
import { refusal, rings, send, start } from "./fixture.ts";

Deno.test("apply() creates, and writes nothing when nothing changes", async () => {
  using fixture = start();
  const options = { fieldManager: "m" };
  const draft = { metadata: { name: "a", labels: { x: "1" } }, data: { k: "v" } };
  const made = await fixture.api.apply(draft, options);
  assert.deepEqual(made.metadata.managedFields, [{
    manager: "m",
    operation: "Apply",
    apiVersion: "v1",
    time: "2026-01-01T00:00:00Z",
    fieldsType: "FieldsV1",
    fieldsV1: { "f:data": { "f:k": {} }, "f:metadata": { "f:labels": { "f:x": {} } } },
  }]);
  await fixture.clock.advance(60_000);
  assert.deepEqual(await fixture.api.apply(draft, options), made);
});

Deno.test("apply() removes what the manager does not apply any more, unless another one applies it too", async () => {
  using fixture = start();
  await fixture.api.apply({ metadata: { name: "a" }, data: { mine: "1", both: "1" } }, { fieldManager: "m" });
  await fixture.api.apply({ metadata: { name: "a" }, data: { both: "1" } }, { fieldManager: "n" });
  await fixture.api.patch("a", { type: "merge", patch: { data: { other: "1" } } });
  const { data } = await fixture.api.apply({ metadata: { name: "a" }, data: {} }, { fieldManager: "m" });
  assert.deepEqual(data, { both: "1", other: "1" });
});

Deno.test("apply() of a field with another owner is a conflict that names owner and field", async () => {
  using fixture = start();
  await fixture.api.apply({ metadata: { name: "a" }, data: { k: "1" } }, { fieldManager: "m" });
  await fixture.api.patch("a", { type: "merge", patch: { data: { l: "1" } } }, { fieldManager: "u" });
  const draft = { metadata: { name: "a" }, data: { k: "2", l: "2" } };
  await assert.rejects(fixture.api.apply(draft, { fieldManager: "n" }), (error) => {
    assert(error instanceof ApiError);
    assert.deepEqual([error.status.code, error.status.reason], [409, "Conflict"]);
    assert.equal(
      error.status.message,
      'Apply failed with 2 conflicts: conflicts with "m":\n- .data.k\nconflicts with "u" using v1:\n- .data.l',
    );
    assert.deepEqual(error.status.causes, [
      { reason: "FieldManagerConflict", message: 'conflict with "m"', field: ".data.k" },
      { reason: "FieldManagerConflict", message: 'conflict with "u" using v1', field: ".data.l" },
    ]);
    return true;
  });
  const forced = await fixture.api.apply(draft, { fieldManager: "n", force: true });
  assert.deepEqual(forced.metadata.managedFields?.map(({ manager }) => manager), ["n"]);
});

Deno.test("apply() of a value that is there already makes a second owner", async () => {
  using fixture = start();
  await fixture.api.apply({ metadata: { name: "a" }, data: { k: "1" } }, { fieldManager: "m" });
  const shared = await fixture.api.apply({ metadata: { name: "a" }, data: { k: "1" } }, { fieldManager: "n" });
  assert.deepEqual(shared.metadata.managedFields?.map(({ manager }) => manager), ["n", "m"]);
});

Deno.test("an update takes the fields that it changes from their owners", async () => {
  using fixture = start();
  await fixture.api.apply({ metadata: { name: "a" }, data: { k: "1", l: "1" } }, { fieldManager: "m" });
  const patch = { data: { k: "2" } };
  const { metadata } = await fixture.api.patch("a", { type: "merge", patch }, { fieldManager: "u" });
  const owned = metadata.managedFields?.map(({ manager, operation, fieldsV1 }) => [manager, operation, fieldsV1]);
  assert.deepEqual(owned, [
    ["m", "Apply", { "f:data": { "f:l": {} } }],
    ["u", "Update", { "f:data": { "f:k": {} } }],
  ]);
});

function webhook(more: Partial<MutatingWebhook> = {}): MutatingWebhook {
  return {
    name: "a.b.c",
    clientConfig: { url: "https://127.0.0.1:1/x" },
    rules: [{ apiGroups: [""], apiVersions: ["*"], operations: ["CREATE"], resources: ["foos"] }],
    sideEffects: "None",
    admissionReviewVersions: ["v1"],
    ...more,
  };
}

Deno.test("apply() merges webhooks by name, keeps what others own in them, and restores defaults", async () => {
  using fixture = start();
  const api = new Api(fixture.client, mutatingWebhookConfigurations, { fieldManager: "m" });
  const first = await api.apply({ metadata: { name: "w" }, webhooks: [webhook({ timeoutSeconds: 5 })] });
  assert.equal(first.webhooks?.[0]?.timeoutSeconds, 5);
  const path = "/webhooks/0/clientConfig/caBundle";
  await api.patch("w", { type: "json", operations: [{ op: "add", path, value: "YQ==" }] }, {
    fieldManager: "injector",
  });
  const second = await api.apply({ metadata: { name: "w" }, webhooks: [webhook(), webhook({ name: "d.e.f" })] });
  const [one, two] = second.webhooks ?? [];
  assert.deepEqual([one?.clientConfig.caBundle, one?.timeoutSeconds, two?.name], ["YQ==", 10, "d.e.f"]);
  assert.equal(second.metadata.generation, 3);
  const third = await api.apply({ metadata: { name: "w" }, webhooks: [webhook({ name: "d.e.f" })] });
  assert.deepEqual(third.webhooks?.map(({ name }) => name), ["d.e.f"]);
});

Deno.test("apply() of webhooks that change nothing writes nothing, although defaults were added", async () => {
  using fixture = start();
  const api = new Api(fixture.client, mutatingWebhookConfigurations, { fieldManager: "m" });
  const draft = { metadata: { name: "w" }, webhooks: [webhook()] };
  const made = await api.apply(draft);
  assert.deepEqual(await api.apply(draft), made);
});

Deno.test("apply() to the status touches nothing else", async () => {
  using fixture = start();
  const api = new Api(fixture.client, rings, { fieldManager: "m" });
  await api.apply({ metadata: { name: "r", labels: { a: "1" } }, spec: { a: 1 }, status: { x: 0 } });
  const applied = await api.status.apply({
    metadata: { name: "r", labels: { a: "2" } },
    spec: { a: 2 },
    status: { x: 1 },
  });
  assert.deepEqual([applied.spec, applied.status, applied.metadata.labels], [{ a: 1 }, { x: 1 }, { a: "1" }]);
  const owners = applied.metadata.managedFields?.map(({ subresource }) => subresource);
  assert.deepEqual(owners, [undefined, "status"]);
  assert.equal((await refusal(api.status.apply({ metadata: { name: "none" }, status: {} }))).code, 404);
});

Deno.test("apply() of a Secret takes stringData", async () => {
  using fixture = start();
  const api = new Api(fixture.client, secrets, { namespace: "default", fieldManager: "m" });
  const made = await api.apply({ metadata: { name: "s" }, stringData: { k: "v" } });
  assert.deepEqual([made.data, made.stringData], [{ k: "dg==" }, undefined]);
});

const path = "/api/v1/namespaces/default/configmaps/a";
const kind = { apiVersion: "v1", kind: "ConfigMap" };
const refused = [
  { name: "no field manager", query: "", body: { ...kind, metadata: { name: "a" } }, code: 422 },
  { name: "no kind", query: "?fieldManager=m", body: { metadata: { name: "a" } }, code: 400 },
  {
    name: "managedFields",
    query: "?fieldManager=m",
    body: { ...kind, metadata: { name: "a", managedFields: [{}] } },
    code: 400,
  },
  { name: "another name", query: "?fieldManager=m", body: { ...kind, metadata: { name: "b" } }, code: 400 },
  {
    name: "an old resourceVersion",
    query: "?fieldManager=m",
    body: { ...kind, metadata: { name: "a", resourceVersion: "1" } },
    code: 409,
  },
];

for (const { name, query, body, code } of refused) {
  Deno.test(`apply() with ${name} gets ${code}`, async () => {
    using fixture = start();
    await fixture.api.create({ metadata: { name: "a" } });
    const contentType = "application/apply-patch+yaml";
    assert.equal((await refusal(send(fixture.client, "PATCH", path + query, body, { contentType }))).code, code);
  });
}

Deno.test("apply() reads YAML", async () => {
  using fixture = start();
  await fixture.client.performRequest({
    method: "PATCH",
    path,
    querystring: new URLSearchParams({ fieldManager: "m" }),
    contentType: "application/apply-patch+yaml",
    bodyRaw: new TextEncoder().encode("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  k: v\n"),
  });
  assert.deepEqual((await fixture.api.get("a")).data, { k: "v" });
});

Deno.test("apply() that changes nothing but who owns what notes no new time", async () => {
  using fixture = start();
  const apply = async (fieldManager: string, data: Record<string, string>): Promise<unknown> => {
    await fixture.clock.advance(1_000);
    const { metadata } = await fixture.api.apply({ metadata: { name: "a" }, data }, { fieldManager });
    return metadata.managedFields?.map(({ manager, time }) => [manager, time?.slice(-3)]);
  };
  assert.deepEqual(await apply("m", { a: "1", b: "1" }), [["m", "01Z"]]);
  assert.deepEqual(await apply("n", { a: "1", b: "1" }), [["n", undefined], ["m", "01Z"]]);
  assert.deepEqual(await apply("n", { a: "1" }), [["n", undefined], ["m", "01Z"]]);
  assert.deepEqual(await apply("n", { a: "1", c: "1" }), [["m", "01Z"], ["n", "04Z"]]);
  assert.deepEqual(await apply("m", { a: "1" }), [["n", "04Z"], ["m", "05Z"]]);
  assert.deepEqual(await apply("m", {}), [["n", "04Z"], ["m", "05Z"]]);
});
