import assert from "node:assert/strict";
import fc from "fast-check";
import type { Pod } from "../../../../lib/workloads/kinds/core.ts";
import { deletionOrder } from "../../../../lib/workloads/replica_sets/deletion_order.ts";

const now = Date.parse("2026-01-01T12:00:00Z");

/** A ready pod on node a, made and ready an hour ago, but for what is given. */
interface Traits {
  readonly node?: string;
  readonly phase?: string;
  readonly ready?: boolean;
  readonly cost?: string;
  readonly readyFor?: number;
  readonly restarts?: number;
  readonly age?: number;
  readonly uid?: string;
}

function pod(name: string, traits: Traits = {}): Pod {
  const { node = "a", phase = "Running", ready = true, cost, readyFor = 3_600, restarts = 0, age = 3_600 } = traits;
  const at = (seconds: number): string => new Date(now - seconds * 1_000).toISOString();
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      uid: traits.uid ?? name,
      creationTimestamp: at(age),
      ...(cost === undefined ? {} : { annotations: { "controller.kubernetes.io/pod-deletion-cost": cost } }),
    },
    spec: { containers: [], ...(node === "" ? {} : { nodeName: node }) },
    status: {
      phase,
      conditions: [{ type: "Ready", status: ready ? "True" : "False", lastTransitionTime: at(readyFor) }],
      containerStatuses: [{ name: "main", image: "", imageID: "", ready, restartCount: restarts }],
    },
  };
}

const cases: readonly { readonly why: string; readonly first: Traits; readonly second: Traits }[] = [
  { why: "has no node", first: { node: "" }, second: { phase: "Pending" } },
  { why: "is pending", first: { phase: "Pending" }, second: { phase: "Unknown" } },
  { why: "is lost", first: { phase: "Unknown" }, second: { ready: false } },
  { why: "is not ready, whatever it costs", first: { ready: false, cost: "9" }, second: { cost: "-9" } },
  { why: "costs less", first: { cost: "-1" }, second: { readyFor: 1 } },
  { why: "costs less than a number with more digits", first: { cost: "9" }, second: { cost: "10" } },
  { why: "became ready much later", first: { readyFor: 10, age: 7_200 }, second: { readyFor: 3_600, age: 60 } },
  { why: "restarted more often", first: { restarts: 2 }, second: { restarts: 1, age: 10 } },
  { why: "is much younger", first: { age: 4_000 }, second: { age: 40_000 } },
  {
    why: "has the smaller uid, where ages are alike",
    first: { age: 4_001, uid: "a" },
    second: { age: 4_000, uid: "b" },
  },
];

for (const { why, first, second } of cases) {
  Deno.test(`deletionOrder() begins with the pod that ${why}`, () => {
    const pods = [pod("second", second), pod("first", first)];
    assert.deepEqual(deletionOrder(pods, pods, now).map(({ metadata }) => metadata.name), ["first", "second"]);
  });
}

Deno.test("deletionOrder() begins on the node with most pods of the same Deployment", () => {
  const pods = [pod("alone", { node: "b" }), pod("crowded", { node: "a" })];
  const sibling = pod("of another ReplicaSet", { node: "a" });
  const order = deletionOrder(pods, [...pods, sibling], now);
  assert.deepEqual(order.map(({ metadata }) => metadata.name), ["crowded", "alone"]);
});

Deno.test("deletionOrder() keeps all pods, and gives up what is not ready before what is", () => {
  const traits = fc.record({
    node: fc.constantFrom("", "a", "b"),
    phase: fc.constantFrom("Pending", "Running"),
    ready: fc.boolean(),
    cost: fc.constantFrom("-1", "0", "5", "x"),
    readyFor: fc.nat(100_000),
    restarts: fc.nat(3),
    age: fc.nat(100_000),
  });
  fc.assert(fc.property(fc.array(traits), (all) => {
    const pods = all.map((each, index) => pod(`pod-${index}`, each));
    const order = deletionOrder(pods, pods, now);
    assert.deepEqual(new Set(order), new Set(pods));
    const serving = order.map(({ spec, status }) =>
      spec.nodeName !== undefined && status?.phase === "Running" && status.conditions?.[0]?.status === "True"
    );
    assert.ok(!serving.slice(0, serving.lastIndexOf(false) + 1).includes(true), "a serving pod goes too early");
  }));
});
