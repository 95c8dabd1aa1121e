import assert from "node:assert/strict";
import { requestVerb } from "../../../../lib/k8s/client/observer.ts";
import { parseRetryAfter, retryWait } from "../../../../lib/k8s/client/retry_after.ts";
import type { HttpMethods } from "../../../../lib/k8s/contract.ts";

Deno.test("requestVerb() names what authorization calls the request", () => {
  const cases: [HttpMethods, string, string, string][] = [
    ["GET", "/api/v1/secrets", "", "list"],
    ["GET", "/api/v1/secrets", "watch=true", "watch"],
    ["GET", "/api/v1/namespaces/a/secrets", "", "list"],
    ["GET", "/api/v1/namespaces/a/secrets/b", "", "get"],
    ["GET", "/api/v1/namespaces", "", "list"],
    ["GET", "/api/v1/namespaces/a", "", "get"],
    ["GET", "/apis/apps/v1/deployments", "", "list"],
    ["GET", "/apis/apps/v1/namespaces/a/deployments/b/scale", "", "get"],
    ["GET", "/apis", "", "get"],
    ["GET", "/version", "", "get"],
    ["POST", "/api/v1/namespaces/a/secrets", "", "create"],
    ["PUT", "/api/v1/namespaces/a/secrets/b", "", "update"],
    ["PATCH", "/api/v1/namespaces/a/secrets/b", "", "patch"],
    ["DELETE", "/api/v1/namespaces/a/secrets/b", "", "delete"],
    ["DELETE", "/api/v1/namespaces/a/secrets", "", "deletecollection"],
    ["DELETE", "/api/v1/namespaces/a", "", "delete"],
  ];
  for (const [method, path, query, verb] of cases) {
    assert.equal(requestVerb(method, path, new URLSearchParams(query)), verb, `${method} ${path}?${query}`);
  }
});

Deno.test("parseRetryAfter() reads seconds and dates", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  const cases: [string | null, number | undefined][] = [
    [null, undefined],
    ["1", 1],
    ["0", 0],
    ["Thu, 01 Jan 2026 00:00:10 GMT", 10],
    ["Wed, 31 Dec 2025 23:59:00 GMT", 0],
    ["soon", undefined],
  ];
  for (const [value, seconds] of cases) assert.equal(parseRetryAfter(value, now), seconds, String(value));
});

Deno.test("retryWait() repeats only what the server did not begin, ten times at most", () => {
  assert.equal(retryWait(429, 2, 0), 2);
  assert.equal(retryWait(503, 2, 9), 2);
  assert.equal(retryWait(503, 2, 10), undefined);
  assert.equal(retryWait(500, 2, 0), undefined);
  assert.equal(retryWait(429, undefined, 0), undefined);
  assert.equal(retryWait(429, 61, 0), undefined);
});
