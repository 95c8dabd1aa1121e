import assert from "node:assert/strict";
import { countOf, countsBetween, formatRequests, parseApiCounts } from "./api_counts.ts";

const before = parseApiCounts(`
# TYPE apiserver_request_total counter
apiserver_request_total{code="200",component="apiserver",dry_run="",group="",resource="secrets",scope="resource",subresource="",verb="PATCH",version="v1"} 10
apiserver_request_total{code="201",component="apiserver",dry_run="",group="",resource="configmaps",scope="resource",subresource="",verb="POST",version="v1"} 1.5e+03
apiserver_admission_webhook_request_total{code="200",name="sharder.sharding.timebertt.dev",operation="CREATE",rejected="false",type="admit"} 7
apiserver_request_duration_seconds_count{resource="secrets",verb="PATCH"} 99
`);

const after = parseApiCounts(`
apiserver_request_total{code="200",component="apiserver",dry_run="",group="",resource="secrets",scope="resource",subresource="",verb="PATCH",version="v1"} 14
apiserver_request_total{code="200",component="apiserver",dry_run="",group="",resource="secrets",scope="namespace",subresource="",verb="PATCH",version="v1"} 1
apiserver_request_total{code="409",component="apiserver",dry_run="",group="",resource="configmaps",scope="resource",subresource="",verb="POST",version="v1"} 2
apiserver_request_total{code="201",component="apiserver",dry_run="",group="",resource="configmaps",scope="resource",subresource="",verb="POST",version="v1"} 1.5e+03
apiserver_request_total{code="200",component="apiserver",dry_run="",group="",resource="secrets",scope="cluster",subresource="",verb="LIST",version="v1"} 3
apiserver_admission_webhook_request_total{code="200",name="sharder.sharding.timebertt.dev",operation="CREATE",rejected="false",type="admit"} 7
apiserver_admission_webhook_request_total{code="200",name="sharder.sharding.timebertt.dev",operation="UPDATE",rejected="false",type="admit"} 4
`);

Deno.test("countsBetween() tells what was done between two readings", () => {
  const { requests, admissions } = countsBetween(before, after);
  assert.deepEqual(requests, [
    { verb: "PATCH", resource: "secrets", code: 200, count: 5 },
    { verb: "POST", resource: "configmaps", code: 409, count: 2 },
    { verb: "LIST", resource: "secrets", code: 200, count: 3 },
  ]);
  assert.equal(admissions, 4);
});

Deno.test("countOf() counts what matches all conditions", () => {
  const table: [Parameters<typeof countOf>[1], number][] = [
    [{ verbs: ["PATCH"] }, 15],
    [{ resources: ["configmaps"] }, 1502],
    [{ resources: ["configmaps"], code: 409 }, 2],
    [{ verbs: ["POST"], resources: ["secrets"] }, 0],
  ];
  for (const [wanted, expected] of table) assert.equal(countOf(after, wanted), expected, JSON.stringify(wanted));
});

Deno.test("formatRequests() names requests, most of them first, and what was refused", () => {
  const counts = countsBetween(before, after);
  assert.equal(
    formatRequests(counts, ["secrets", "configmaps"]),
    "5 PATCH secrets, 3 LIST secrets, 2 POST configmaps 409",
  );
});
