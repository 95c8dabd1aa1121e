import assert from "node:assert/strict";
import { acceptedTable } from "../../../../lib/apiserver/printers/mod.ts";
import type { JSONValue } from "../../../../lib/k8s/contract.ts";
import { isJsonObject } from "../../../../lib/k8s/errors.ts";
import { refusal, send, start } from "../fixture.ts";

const accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io," +
  "application/json";
const path = "/api/v1/namespaces/default/configmaps";

function at(value: JSONValue, ...keys: readonly (string | number)[]): JSONValue {
  let found = value;
  for (const key of keys) {
    if (Array.isArray(found)) found = found[Number(key)];
    else found = isJsonObject(found) ? found[key] : undefined;
  }
  return found;
}

const headers: readonly (readonly [string, string | undefined])[] = [
  ["", undefined],
  ["application/json", undefined],
  [accept, "v1"],
  ["application/json;as=Table;v=v1beta1;g=meta.k8s.io", "v1beta1"],
  ["application/json,application/json;as=Table;v=v1;g=meta.k8s.io", undefined],
  ["application/vnd.kubernetes.protobuf;as=Table;v=v1;g=meta.k8s.io,application/json", undefined],
  [
    "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1;g=meta.k8s.io",
    undefined,
  ],
  ["application/json;as=Table;v=v1;g=other.io,application/json", undefined],
  ["application/json;as=Table;v=v7;g=meta.k8s.io, */*;as=Table;g=meta.k8s.io;v=v1", "v1"],
];

for (const [header, version] of headers) {
  Deno.test(`acceptedTable() finds ${version} in ${JSON.stringify(header)}`, () => {
    assert.equal(acceptedTable(header), version);
  });
}

Deno.test("a list is a table with one row for each object and the list's metadata", async () => {
  using fixture = start();
  for (const name of ["a", "b", "c"]) await fixture.api.create({ metadata: { name }, data: { k: "v" } });
  await fixture.clock.advance(5_000);
  const table = await send(fixture.client, "GET", `${path}?limit=2`, undefined, { accept });
  assert.equal(at(table, "kind"), "Table");
  assert.equal(at(table, "apiVersion"), "meta.k8s.io/v1");
  assert.deepEqual(at(table, "rows", 1, "cells"), ["b", 1, "5s"]);
  assert.equal(at(table, "rows", 2), undefined);
  assert.equal(at(table, "metadata", "remainingItemCount"), 1);
  assert.equal(at(table, "rows", 0, "object", "kind"), "PartialObjectMetadata");
  assert.equal(at(table, "rows", 0, "object", "data"), undefined);
  assert.equal(at(table, "rows", 0, "object", "metadata", "name"), "a");
});

Deno.test("includeObject chooses what rows carry", async () => {
  using fixture = start();
  await fixture.api.create({ metadata: { name: "a" }, data: { k: "v" } });
  const whole = await send(fixture.client, "GET", `${path}?includeObject=Object`, undefined, { accept });
  assert.equal(at(whole, "rows", 0, "object", "kind"), "ConfigMap");
  assert.deepEqual(at(whole, "rows", 0, "object", "data"), { k: "v" });
  const none = await send(fixture.client, "GET", `${path}/a?includeObject=None`, undefined, { accept });
  assert.equal(at(none, "rows", 0, "object"), null);
  assert.deepEqual(Object.keys(isJsonObject(at(none, "metadata")) ? Object(at(none, "metadata")) : {}), [
    "resourceVersion",
  ]);
  const wrong = await refusal(send(fixture.client, "GET", `${path}?includeObject=All`, undefined, { accept }));
  assert.deepEqual([wrong.code, wrong.reason], [400, "BadRequest"]);
});

Deno.test("refusals and Status answers are no tables", async () => {
  using fixture = start();
  await fixture.api.create({ metadata: { name: "a" } });
  assert.equal((await refusal(send(fixture.client, "GET", `${path}/none`, undefined, { accept }))).code, 404);
  const deleted = await send(fixture.client, "DELETE", `${path}/a`, undefined, { accept });
  assert.equal(at(deleted, "kind"), "Status");
});

Deno.test("a watch sends tables of one row, the first with the columns, and its end as a Status", async () => {
  using fixture = start();
  await fixture.api.create({ metadata: { name: "a" } });
  const version = fixture.server.revision;
  const querystring = new URLSearchParams({ watch: "true", allowWatchBookmarks: "true" });
  const stream = await fixture.client.performRequest({
    method: "GET",
    path,
    querystring,
    accept,
    expectJson: true,
    expectStream: true,
  });
  await fixture.api.create({ metadata: { name: "b" } });
  await fixture.api.delete("b");
  const events: JSONValue[] = [];
  for await (const event of stream) {
    events.push(event);
    if (events.length === 3) void fixture.clock.advance(60_000);
    if (events.length === 4) break;
  }
  assert.deepEqual(events.map((event) => at(event, "type")), ["ADDED", "ADDED", "DELETED", "BOOKMARK"]);
  const columns = events.map((event) => Array.isArray(at(event, "object", "columnDefinitions")));
  assert.deepEqual(columns, [true, false, false, false]);
  assert.deepEqual(events.map((event) => at(event, "object", "rows", 0, "cells", 0)), ["a", "b", "b", ""]);
  assert.equal(at(events[3], "object", "metadata", "resourceVersion"), String(fixture.server.revision));
  fixture.server.compact();
  const late = await fixture.client.performRequest({
    method: "GET",
    path,
    querystring: new URLSearchParams({ watch: "true", resourceVersion: String(version) }),
    accept,
    expectJson: true,
    expectStream: true,
  });
  for await (const event of late) {
    assert.deepEqual([at(event, "type"), at(event, "object", "kind")], ["ERROR", "Status"]);
  }
});

Deno.test("a custom resource shows the columns of its definition as soon as it is defined", async () => {
  using fixture = start();
  const definition = {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "things.x.io" },
    spec: {
      group: "x.io",
      names: { kind: "Thing", plural: "things" },
      scope: "Cluster",
      versions: [{
        name: "v1",
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
        additionalPrinterColumns: [{ name: "Size", type: "integer", jsonPath: ".spec.size" }],
      }],
    },
  };
  await send(fixture.client, "POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition);
  const thing = { apiVersion: "x.io/v1", kind: "Thing", metadata: { name: "t" }, spec: { size: 3 } };
  await send(fixture.client, "POST", "/apis/x.io/v1/things", thing);
  const table = await send(fixture.client, "GET", "/apis/x.io/v1/things", undefined, { accept });
  assert.deepEqual(at(table, "rows", 0, "cells"), ["t", 3]);
});
