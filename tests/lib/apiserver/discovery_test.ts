import assert from "node:assert/strict";
import { Api } from "../../../lib/k8s/api/api.ts";
import { isAny, type Resource } from "../../../lib/k8s/api/resource.ts";
import type { JSONObject } from "../../../lib/k8s/contract.ts";
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
