import assert from "node:assert/strict";
import type { JSONValue } from "../../../../lib/k8s/contract.ts";
import { isJsonObject } from "../../../../lib/k8s/errors.ts";
import { refusal, send, start } from "../fixture.ts";

function at(value: JSONValue, ...keys: readonly string[]): JSONValue {
  let found = value;
  for (const key of keys) found = isJsonObject(found) ? found[key] : undefined;
  return found;
}

const things = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "things.x.io" },
  spec: {
    group: "x.io",
    names: { kind: "Thing", plural: "things" },
    scope: "Namespaced",
    versions: [{
      name: "v1",
      served: true,
      storage: true,
      schema: {
        openAPIV3Schema: {
          type: "object",
          properties: { spec: { type: "object", properties: { size: { type: "integer", description: "How big." } } } },
        },
      },
    }],
  },
};

Deno.test("the index of OpenAPI names a document for each group and version, which is there", async () => {
  using fixture = start();
  const paths = at(await send(fixture.client, "GET", "/openapi/v3"), "paths");
  assert(isJsonObject(paths));
  assert(Object.keys(paths).includes("api/v1"));
  const urls = Object.keys(paths).map((root) => [root, String(at(paths, root, "serverRelativeURL"))] as const);
  for (const [root, url] of urls) {
    assert.match(url, new RegExp(`^/openapi/v3/${root}\\?hash=[0-9A-F]{64}$`));
    assert.equal(at(await send(fixture.client, "GET", url), "openapi"), "3.0.0");
  }
  assert.equal((await refusal(send(fixture.client, "GET", "/openapi/v3/apis/none/v1"))).code, 404);
});

for (const path of ["/openapi/v3/api/v1", "/openapi/v3/apis/apps/v1", "/openapi/v2"]) {
  Deno.test(`all references in ${path} lead somewhere`, async () => {
    using fixture = start();
    const document = await send(fixture.client, "GET", path);
    const schemas = at(document, "components", "schemas") ?? at(document, "definitions");
    assert(isJsonObject(schemas));
    const references = [
      ...JSON.stringify(document).matchAll(/"\$ref":"#\/(?:components\/schemas|definitions)\/([^"]+)"/g),
    ];
    assert(references.length > 10);
    assert.deepEqual(references.map(([, name = ""]) => name).filter((name) => schemas[name] === undefined), []);
  });
}

Deno.test("a patch says which kind it changes and which parameters it takes, as kubectl looks it up", async () => {
  using fixture = start();
  const document = await send(fixture.client, "GET", "/openapi/v3/api/v1");
  const patch = at(document, "paths", "/api/v1/namespaces/{namespace}/secrets/{name}", "patch");
  assert.deepEqual(at(patch, "x-kubernetes-group-version-kind"), { group: "", version: "v1", kind: "Secret" });
  const parameters = at(patch, "parameters");
  assert(Array.isArray(parameters));
  assert(parameters.some((parameter) => at(parameter, "name") === "fieldValidation"));
});

Deno.test("the schema of a custom resource is served once it is defined, and changes its document's hash", async () => {
  using fixture = start();
  const create = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  await send(fixture.client, "POST", create, things);
  const root = "apis/x.io/v1";
  const hash = async (): Promise<JSONValue> =>
    at(await send(fixture.client, "GET", "/openapi/v3"), "paths", root, "serverRelativeURL");
  const before = await hash();
  const schema = at(await send(fixture.client, "GET", `/openapi/v3/${root}`), "components", "schemas", "io.x.v1.Thing");
  assert.equal(at(schema, "properties", "spec", "properties", "size", "description"), "How big.");
  assert.deepEqual(at(schema, "x-kubernetes-group-version-kind"), [{ group: "x.io", version: "v1", kind: "Thing" }]);
  const properties = at(schema, "properties");
  assert.deepEqual(Object.keys(isJsonObject(properties) ? properties : {}), ["spec", "apiVersion", "kind", "metadata"]);
  const [version] = things.spec.versions;
  const other = { spec: { versions: [{ ...version, schema: { openAPIV3Schema: { type: "object" } } }] } };
  await send(fixture.client, "PATCH", `${create}/things.x.io`, other, { contentType: "application/merge-patch+json" });
  assert.notEqual(await hash(), before);
});
