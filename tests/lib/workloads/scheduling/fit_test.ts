import assert from "node:assert/strict";
import { misfit } from "../../../../lib/workloads/scheduling/fit.ts";
import type { Node, Pod, Taint, Toleration } from "../../../../lib/workloads/kinds/core.ts";

function node(spec: NonNullable<Node["spec"]> = {}, ready = "True"): Node {
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: "node", labels: { zone: "a" } },
    spec,
    status: { conditions: [{ type: "Ready", status: ready }], allocatable: { pods: "3" } },
  };
}

function pod(spec: Partial<Pod["spec"]> = {}): Pod {
  return { apiVersion: "v1", kind: "Pod", metadata: { name: "pod" }, spec: { containers: [], ...spec } };
}

Deno.test("misfit() finds nothing wrong with a ready node that has room", () => {
  assert.equal(misfit(pod(), node(), 2), undefined);
  assert.equal(misfit(pod({ nodeSelector: { zone: "a" } }), node(), 2), undefined);
});

Deno.test("misfit() says why a node cannot take a pod", () => {
  assert.match(misfit(pod(), node({}, "False"), 0) ?? "", /not ready/);
  assert.match(misfit(pod(), node({}, "Unknown"), 0) ?? "", /not ready/);
  assert.match(misfit(pod(), node({ unschedulable: true }), 0) ?? "", /unschedulable/);
  assert.match(misfit(pod({ nodeSelector: { zone: "b" } }), node(), 0) ?? "", /affinity\/selector/);
  assert.match(misfit(pod(), node(), 3) ?? "", /Too many pods/);
});

const taint: Taint = { key: "dedicated", value: "sharder", effect: "NoSchedule" };
const cases: readonly (readonly [string, Toleration, boolean])[] = [
  ["the same key, value and effect", { key: "dedicated", value: "sharder", effect: "NoSchedule" }, true],
  ["the same key and value", { key: "dedicated", operator: "Equal", value: "sharder" }, true],
  ["the key, whatever its value", { key: "dedicated", operator: "Exists" }, true],
  ["everything", { operator: "Exists" }, true],
  ["another effect", { key: "dedicated", operator: "Exists", effect: "NoExecute" }, false],
  ["another value", { key: "dedicated", value: "shard" }, false],
  ["another key", { key: "other", operator: "Exists" }, false],
  ["an empty key without Exists", { value: "sharder" }, false],
];

for (const [what, toleration, fits] of cases) {
  Deno.test(`misfit() ${fits ? "lets" : "does not let"} a pod onto a tainted node that tolerates ${what}`, () => {
    const problem = misfit(pod({ tolerations: [toleration] }), node({ taints: [taint] }), 0);
    assert.equal(problem, fits ? undefined : "node(s) had untolerated taint(s) {dedicated: sharder}");
  });
}

Deno.test("misfit() passes over a taint that only prefers to have no pods", () => {
  assert.equal(misfit(pod(), node({ taints: [{ ...taint, effect: "PreferNoSchedule" }] }), 0), undefined);
  assert.ok(misfit(pod(), node({ taints: [{ ...taint, effect: "NoExecute" }] }), 0) !== undefined);
});
