import assert from "node:assert/strict";
import { refusal, start } from "./fixture.ts";

const annotation = "kubectl.kubernetes.io/last-applied-configuration";

/** As client-side `kubectl apply` leaves a ConfigMap. */
function applied(data: Readonly<Record<string, string>>): string {
  return `${JSON.stringify({ apiVersion: "v1", data, kind: "ConfigMap", metadata: { name: "a" } })}\n`;
}

const clientSide = { fieldManager: "kubectl-client-side-apply" };
const serverSide = { fieldManager: "kubectl" };

Deno.test("apply() by kubectl takes over what client-side apply set, and brings its annotation up to date", async () => {
  using fixture = start();
  const annotations = { [annotation]: applied({ k: "1" }) };
  await fixture.api.create({ metadata: { name: "a", annotations }, data: { k: "1" } }, clientSide);
  const draft = { metadata: { name: "a" }, data: { k: "<2>" } };
  const { code } = await refusal(fixture.api.apply(draft, { fieldManager: "somebody" }));
  assert.equal(code, 409);
  const { data, metadata } = await fixture.api.apply(draft, serverSide);
  assert.deepEqual(data, { k: "<2>" });
  assert.equal(metadata.annotations?.[annotation], applied({ k: "<2>" }).replace("<2>", "\\u003c2\\u003e"));
  const owners = metadata.managedFields?.map(({ manager, fieldsV1 }) => [manager, fieldsV1]);
  assert.deepEqual(owners, [
    ["kubectl", { "f:data": { "f:k": {} } }],
    [clientSide.fieldManager, {
      "f:data": {},
      "f:metadata": { "f:annotations": { ".": {}, [`f:${annotation}`]: {} } },
    }],
  ]);
});

Deno.test("apply() by kubectl conflicts over what was changed since the client-side apply", async () => {
  using fixture = start();
  const annotations = { [annotation]: applied({ k: "1", l: "1" }) };
  await fixture.api.create({ metadata: { name: "a", annotations }, data: { k: "1", l: "1" } }, clientSide);
  await fixture.api.patch("a", { type: "merge", patch: { data: { k: "other" } } }, { fieldManager: "other" });
  const { code, message } = await refusal(
    fixture.api.apply({ metadata: { name: "a" }, data: { k: "2", l: "2" } }, serverSide),
  );
  assert.equal(code, 409);
  assert.match(message, /^Apply failed with 1 conflict: conflict with "other" using v1: \.data\.k$/);
});

for (const text of ["no JSON", "[]", '{"apiVersion":"v2","data":{"k":"1"}}', '{"apiVersion":"v1","data":[]}']) {
  Deno.test(`apply() by kubectl learns nothing from the annotation ${text}`, async () => {
    using fixture = start();
    const annotations = { [annotation]: text };
    await fixture.api.create({ metadata: { name: "a", annotations }, data: { k: "1" } }, clientSide);
    const { code } = await refusal(fixture.api.apply({ metadata: { name: "a" }, data: { k: "2" } }, serverSide));
    assert.equal(code, 409);
  });
}
