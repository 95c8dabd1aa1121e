import assert from "node:assert/strict";
import fc from "fast-check";
import { type Attributes, attributesOf } from "../../../../lib/apiserver/rbac/attributes.ts";
import type { Call } from "../../../../lib/apiserver/request/call.ts";

function wanted(method: Call["method"], path: string): Attributes {
  const [start = "", query = ""] = path.split("?");
  return attributesOf({ method, path: start, query: new URLSearchParams(query) });
}

/** In short: verb, resource with its group, namespace, name. */
const cases: readonly (readonly [Call["method"], string, string])[] = [
  ["GET", "/api/v1/secrets", "list secrets. - -"],
  ["GET", "/api/v1/namespaces/a/secrets", "list secrets. a -"],
  ["GET", "/api/v1/namespaces/a/secrets?watch=true", "watch secrets. a -"],
  ["GET", "/api/v1/namespaces/a/secrets?watch=0", "list secrets. a -"],
  ["GET", "/api/v1/namespaces/a/secrets?fieldSelector=metadata.name=b", "list secrets. a b"],
  ["GET", "/api/v1/namespaces/a/secrets?fieldSelector=metadata.name!=b", "list secrets. a -"],
  ["GET", "/api/v1/namespaces/a/secrets?fieldSelector=((", "list secrets. a -"],
  ["GET", "/api/v1/watch/namespaces/a/secrets", "watch secrets. a -"],
  ["GET", "/api/v1/namespaces/a/secrets/b", "get secrets. a b"],
  ["GET", "/api/v1/namespaces/a/secrets/b?watch=true", "get secrets. a b"],
  ["POST", "/api/v1/namespaces/a/secrets", "create secrets. a -"],
  ["DELETE", "/api/v1/namespaces/a/secrets", "deletecollection secrets. a -"],
  ["DELETE", "/api/v1/namespaces/a/secrets/b", "delete secrets. a b"],
  ["PATCH", "/apis/apps/v1/namespaces/a/deployments/b", "patch deployments.apps a b"],
  ["PUT", "/apis/apps/v1/namespaces/a/deployments/b/scale", "update deployments/scale.apps a b"],
  ["GET", "/api/v1/namespaces", "list namespaces. - -"],
  ["GET", "/api/v1/namespaces/a", "get namespaces. a a"],
  ["PUT", "/api/v1/namespaces/a/finalize", "update namespaces/finalize. a a"],
  ["GET", "/api/v1/nodes/n/proxy/metrics", "get nodes/proxy. - n"],
  ["GET", "/apis/nothing/v1/foos", "list foos.nothing - -"],
  ["GET", "/apis/apps/v1", "get /apis/apps/v1"],
  ["GET", "/api/v1", "get /api/v1"],
  ["POST", "/foo/bar", "post /foo/bar"],
];

function brief(attributes: Attributes): string {
  if (attributes.type === "path") return `${attributes.verb} ${attributes.path}`;
  const { verb, group, resource, subresource, namespace, name } = attributes;
  return `${verb} ${resource}${subresource === "" ? "" : `/${subresource}`}.${group} ${namespace || "-"} ${
    name || "-"
  }`;
}

for (const [method, path, expected] of cases) {
  Deno.test(`${method} ${path} is authorized as: ${expected}`, () => {
    assert.equal(brief(wanted(method, path)), expected);
  });
}

Deno.test("attributesOf() reads any path", () => {
  fc.assert(fc.property(fc.webPath(), fc.constantFrom<Call["method"]>("GET", "POST", "DELETE"), (path, method) => {
    assert.match(wanted(method, path).verb, /^[a-z]+$/);
  }));
});
