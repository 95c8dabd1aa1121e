import assert from "node:assert/strict";
import { Api } from "../../../lib/k8s/api/api.ts";
import { isAny, type Resource } from "../../../lib/k8s/api/resource.ts";
import type { JSONObject } from "../../../lib/k8s/contract.ts";
import type { KubeObject } from "../../../lib/k8s/types.ts";
import { type Fixture, refusal, send, start } from "./fixture.ts";

const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
const definition: JSONObject = {
  metadata: { name: "foos.example.com" },
  spec: {
    group: "example.com",
    scope: "Namespaced",
    names: { plural: "foos", kind: "Foo" },
    versions: [{ name: "v1", served: true, storage: true, schema }],
  },
};
const foos: Resource<KubeObject> = {
  group: "example.com",
  version: "v1",
  plural: "foos",
  kind: "Foo",
  namespaced: true,
  is: isAny,
};

function api({ client }: Fixture): Api<KubeObject> {
  return new Api(client, foos, { namespace: "default" });
}

for (const collectGarbage of [true, false]) {
  Deno.test(`custom resources go with their definition (collectGarbage: ${collectGarbage})`, async () => {
    using fixture = start({ collectGarbage });
    await send(fixture.client, "POST", definitions, definition);
    await api(fixture).create({ metadata: { name: "a" } });
    await send(fixture.client, "DELETE", `${definitions}/foos.example.com`);
    await fixture.clock.settle();
    assert.equal((await refusal(send(fixture.client, "GET", `${definitions}/foos.example.com`))).code, 404);
    await send(fixture.client, "POST", definitions, definition);
    assert.deepEqual((await api(fixture).list()).items, []);
  });
}

Deno.test("a definition that is being deleted waits for finalizers, says so, and takes nothing new", async () => {
  using fixture = start();
  await send(fixture.client, "POST", definitions, definition);
  await api(fixture).create({ metadata: { name: "a" } });
  await api(fixture).create({ metadata: { name: "b", finalizers: ["x/y"] } });
  const deleted = await send(fixture.client, "DELETE", `${definitions}/foos.example.com`);
  assert.match(JSON.stringify(deleted), /"finalizers":\["customresourcecleanup.apiextensions.k8s.io"\]/);
  await fixture.clock.settle();
  const going = JSON.stringify(await send(fixture.client, "GET", `${definitions}/foos.example.com`));
  assert.match(going, /"type":"Terminating","status":"True"[^}]*"reason":"InstanceDeletionInProgress"/);
  assert.deepEqual((await api(fixture).list()).items.map(({ metadata }) => metadata.name), ["b"]);
  assert.deepEqual(await refusal(api(fixture).create({ metadata: { name: "c" } })), {
    code: 403,
    reason: "Forbidden",
    message: 'foos.example.com "c" is forbidden: create not allowed while custom resource definition is terminating',
  });
  await api(fixture).patch("b", { type: "merge", patch: { metadata: { finalizers: null } } });
  await fixture.clock.settle();
  assert.equal((await refusal(send(fixture.client, "GET", `${definitions}/foos.example.com`))).code, 404);
});
