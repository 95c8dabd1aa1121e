import assert from "node:assert/strict";
import type { JSONValue } from "../../../lib/k8s/contract.ts";
import { refusal, send, start } from "./fixture.ts";

const configMaps = "/api/v1/namespaces/default/configmaps";
const applied = { contentType: "application/apply-patch+yaml" };

/** Requests that the real server refuses, each with the code and message that it has for them. */
const refused: readonly {
  readonly name: string;
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly body?: JSONValue;
  readonly contentType?: string;
  readonly code: number;
  readonly message: RegExp;
}[] = [
  {
    name: "a kind that nobody knows",
    method: "POST",
    path: configMaps,
    body: { kind: "Other", apiVersion: "v1" },
    code: 400,
    message: /^Other in version "v1" cannot be handled as a ConfigMap: no kind "Other" is registered for version "v1"/,
  },
  {
    name: "another kind",
    method: "POST",
    path: configMaps,
    body: { kind: "Secret", apiVersion: "v1" },
    code: 400,
    message: /converting \(v1\.Secret\) to \(core\.ConfigMap\): unknown conversion$/,
  },
  {
    name: "a list",
    method: "POST",
    path: configMaps,
    body: [],
    code: 400,
    message: /json: cannot unmarshal array into Go value of type struct .* \(5b5d\)$/,
  },
  {
    name: "a patch that makes a value of the wrong type",
    method: "PATCH",
    path: `${configMaps}/a`,
    body: { data: { k: 1 } },
    contentType: "application/merge-patch+json",
    code: 422,
    message:
      /^ "" is invalid: patch: Invalid value: ".*": json: cannot unmarshal number into Go struct field ConfigMap/,
  },
  {
    name: "an applied value of the wrong type",
    method: "PATCH",
    path: `${configMaps}/a?fieldManager=m`,
    body: { kind: "ConfigMap", apiVersion: "v1", metadata: { name: "a" }, data: { k: 1 } },
    ...applied,
    code: 500,
    message: /ConfigMap\): \.data\.k: expected string, got &value\.valueUnstructured\{Value:1\}$/,
  },
  {
    name: "an applied number that is no whole one",
    method: "PATCH",
    path: "/apis/coordination.k8s.io/v1/namespaces/default/leases/l?fieldManager=m",
    body: {
      kind: "Lease",
      apiVersion: "coordination.k8s.io/v1",
      metadata: { name: "l" },
      spec: { leaseDurationSeconds: 1.5 },
    },
    ...applied,
    code: 500,
    message: /^failed to convert new object .* cannot convert float64 to int32$/,
  },
  {
    name: "a selector that ends too early",
    method: "GET",
    path: `${configMaps}?labelSelector=a,`,
    code: 400,
    message: /^found '', expected: identifier after ','$/,
  },
  {
    name: "a field of another kind",
    method: "GET",
    path: "/api/v1/namespaces/default/secrets?fieldSelector=spec.x=1",
    code: 400,
    message: /^field label not supported: spec\.x$/,
  },
  {
    name: "a continue token of somebody else",
    method: "GET",
    path: `${configMaps}?continue=e30`,
    code: 400,
    message: /server does not recognize this encoded version $/,
  },
  {
    name: "an object that is going",
    method: "POST",
    path: configMaps,
    body: { metadata: { name: "going" } },
    code: 409,
    message: /^object is being deleted: configmaps "going" already exists$/,
  },
  {
    name: "another uid",
    method: "PUT",
    path: `${configMaps}/a`,
    body: { metadata: { name: "a", uid: "x" } },
    code: 409,
    message: /Key: \/registry\/configmaps\/default\/a, .* UID in precondition: x, UID in object meta: /,
  },
];

for (const { name, method, path, body, code, message, contentType = "application/json" } of refused) {
  Deno.test(`${method} with ${name} is refused with ${code} in the words of the real server`, async () => {
    using fixture = start();
    await fixture.api.create({ metadata: { name: "a" } });
    await fixture.api.create({ metadata: { name: "going", finalizers: ["example.com/f"] } });
    await fixture.api.delete("going");
    const error = await refusal(send(fixture.client, method, path, body, { contentType }));
    assert.equal(error.code, code);
    assert.match(error.message, message);
  });
}

Deno.test("what another manager wrote stays when its applier drops it", async () => {
  using fixture = start();
  const both = { metadata: { name: "a" }, data: { mine: "1", both: "1" } };
  await fixture.api.create({ metadata: { name: "a" }, data: { both: "1" } }, { fieldManager: "writer" });
  await fixture.api.apply(both, { fieldManager: "m" });
  const { data, metadata } = await fixture.api.apply({ metadata: { name: "a" } }, { fieldManager: "m" });
  assert.deepEqual(data, { both: "1" });
  assert.deepEqual(metadata.managedFields?.map(({ manager }) => manager), ["writer"]);
});

Deno.test("an object whose owners were taken away gets none until somebody applies it", async () => {
  using fixture = start();
  await fixture.api.create({ metadata: { name: "a" }, data: { k: "1" } });
  const reset = { metadata: { name: "a", managedFields: [] }, data: { k: "2" } };
  const put = await fixture.api.replace(reset);
  assert.equal(put.metadata.managedFields, undefined);
  const patched = await fixture.api.patch("a", { type: "merge", patch: { data: { k: "3" } } });
  assert.equal(patched.metadata.managedFields, undefined);
  const { metadata } = await fixture.api.apply({ metadata: { name: "a" }, data: { l: "1" } }, { fieldManager: "m" });
  assert.deepEqual(metadata.managedFields?.map(({ manager }) => manager), ["m", "before-first-apply"]);
});
