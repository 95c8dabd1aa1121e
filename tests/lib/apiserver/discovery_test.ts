import assert from "node:assert/strict";
import { Api } from "../../../lib/k8s/api/api.ts";
import { isAny, type Resource } from "../../../lib/k8s/api/resource.ts";
import type { JSONObject, JSONValue } from "../../../lib/k8s/contract.ts";
import { Discovery } from "../../../lib/k8s/discovery.ts";
import { events } from "../../../lib/k8s/kinds/events.ts";
import type { KubeObject } from "../../../lib/k8s/types.ts";
import { refusal, send, start } from "./fixture.ts";

const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
const definition: JSONObject = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "foos.example.com" },
  spec: {
    group: "example.com",
    scope: "Namespaced",
    names: { plural: "foos", kind: "Foo" },
    versions: [
      { name: "v1beta1", served: true, storage: false, schema },
      { name: "v1", served: true, storage: true, subresources: { status: {} }, schema },
    ],
  },
};
const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

Deno.test("discovery finds built-in resources", async () => {
  using fixture = start();
  const discovery = new Discovery(fixture.client, { clock: fixture.clock });
  const leases = await discovery.resourceFor({ group: "coordination.k8s.io", resource: "leases" });
  assert.deepEqual([leases.kind, leases.version, leases.namespaced], ["Lease", "v1", true]);
  const rings = await discovery.resourceFor({ group: "sharding.timebertt.dev", resource: "controllerrings" });
  assert.deepEqual([rings.kind, rings.namespaced], ["ControllerRing", false]);
});

Deno.test("a CustomResourceDefinition is served in all its versions as soon as it exists, until it goes", async () => {
  using fixture = start();
  await send(fixture.client, "POST", definitions, definition);
  const discovery = new Discovery(fixture.client, { clock: fixture.clock });
  const found = await discovery.resourceFor({ group: "example.com", resource: "foos" });
  assert.deepEqual([found.kind, found.version, found.namespaced], ["Foo", "v1", true]);
  const foos: Resource<KubeObject> = { ...found, is: isAny };
  const made = await new Api(fixture.client, foos, { namespace: "default" }).create({ metadata: { name: "a" } });
  assert.deepEqual([made.apiVersion, made.metadata.generation], ["example.com/v1", 1]);
  const beta = await new Api(fixture.client, { ...foos, version: "v1beta1" }, { namespace: "default" }).get("a");
  assert.equal(beta.apiVersion, "example.com/v1beta1");
  await send(fixture.client, "DELETE", `${definitions}/foos.example.com`);
  assert.equal((await refusal(send(fixture.client, "GET", "/apis/example.com/v1/namespaces/default/foos"))).code, 404);
});

Deno.test("the documents without aggregation say the same", async () => {
  using fixture = start();
  assert.match(JSON.stringify(await send(fixture.client, "GET", "/api")), /"versions":\["v1"\]/);
  assert.match(JSON.stringify(await send(fixture.client, "GET", "/apis")), /"groupVersion":"coordination.k8s.io\/v1"/);
  assert.match(JSON.stringify(await send(fixture.client, "GET", "/api/v1")), /"name":"namespaces\/status"/);
  assert.match(JSON.stringify(await send(fixture.client, "GET", "/version")), /"gitVersion":"v1.36.3"/);
  assert.equal((await refusal(send(fixture.client, "GET", "/apis/none.example.com/v1"))).code, 404);
});

Deno.test("/readyz answers with text", async () => {
  using fixture = start();
  const answer = await fixture.client.performRequest({ method: "GET", path: "/readyz" });
  assert.equal(new TextDecoder().decode(answer), "ok");
});

Deno.test("an event is the same object in both of its groups", async () => {
  using fixture = start();
  const api = new Api(fixture.client, events, { namespace: "default" });
  const made = await api.create({
    metadata: { name: "e" },
    eventTime: "2026-01-01T00:00:00.000000Z",
    regarding: { kind: "Foo", name: "x" },
    reason: "R",
    action: "A",
    note: "said",
    type: "Normal",
    reportingController: "c",
    reportingInstance: "i",
  });
  assert.equal(made.note, "said");
  const core = await send(
    fixture.client,
    "GET",
    "/api/v1/namespaces/default/events?fieldSelector=involvedObject.name=x",
  );
  assert.match(JSON.stringify(core), /"message":"said"/);
  assert.match(JSON.stringify(core), /"reportingComponent":"c"/);
  assert.equal((await api.list({ fieldSelector: "regarding.name=x" })).items.length, 1);
});

const aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

for (const accept of ["application/json", aggregated]) {
  Deno.test(`discovery lists bindings, and verbs as they are answered (${accept})`, async () => {
    using fixture = start();
    const path = accept === aggregated ? "/api" : "/api/v1";
    const text = JSON.stringify(await send(fixture.client, "GET", path, undefined, { accept }));
    assert.match(text, /"singular(Name|Resource)":"binding"[^{]*"verbs":\["create"\]/);
    assert.match(text, /"namespace",[^}]*"verbs":\["create","delete","get","list","patch","update","watch"\]/);
  });
}

Deno.test("aggregated discovery leaves out the version of kinds where it is that of the list", async () => {
  using fixture = start();
  await send(fixture.client, "POST", definitions, definition);
  const text = JSON.stringify(await send(fixture.client, "GET", "/apis", undefined, { accept: aggregated }));
  assert.match(text, /"responseKind":\{"group":"","version":"","kind":"Deployment"\}/);
  assert.match(text, /"responseKind":\{"group":"autoscaling","version":"v1","kind":"Scale"\}/);
  assert.match(text, /"responseKind":\{"group":"example.com","version":"v1beta1","kind":"Foo"\}/);
});

for (const path of ["/openapi/v3/api/v1", "/openapi/v3/apis/apps/v1", "/openapi/v2", "/api", "/apis", "/version"]) {
  Deno.test(`who changes what ${path} answers changes it for nobody else`, async () => {
    using fixture = start();
    const first = await send(fixture.client, "GET", path);
    const before = JSON.stringify(first);
    clear(first);
    using other = start();
    for (const { client } of [fixture, other]) {
      assert.equal(JSON.stringify(await send(client, "GET", path)) === before, true);
    }
  });
}

/** Empties a document to its bottom. */
function clear(value: JSONValue): void {
  if (typeof value !== "object" || value === null) return;
  for (const part of Object.values(value)) clear(part);
  if (Array.isArray(value)) value.length = 0;
  else for (const key of Object.keys(value)) Reflect.deleteProperty(value, key);
}
