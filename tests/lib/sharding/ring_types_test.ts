import assert from "node:assert/strict";
import type { JSONValue } from "../../../lib/k8s/contract.ts";
import { isKubeObject } from "../../../lib/k8s/api/resource.ts";
import {
  controlledResources,
  type ControllerRing,
  controllerRings,
  type ControllerRingSpec,
  mainResources,
  namespaceSelectorOf,
  roleOf,
} from "../../../lib/sharding/ring_types.ts";

const secrets = { group: "", resource: "secrets" };
const configMaps = { group: "", resource: "configmaps" };
const deployments = { group: "apps", resource: "deployments" };
const websites = { group: "webhosting.timebertt.dev", resource: "websites" };

function ringWith(spec?: ControllerRingSpec): ControllerRing {
  const ring = { apiVersion: "sharding.timebertt.dev/v1alpha1", kind: "ControllerRing", metadata: { name: "foo" } };
  return spec === undefined ? ring : { ...ring, spec };
}

function accepts(fields: Record<string, JSONValue>): boolean {
  const object = { apiVersion: "sharding.timebertt.dev/v1alpha1", kind: "ControllerRing", ...fields };
  const named = { metadata: { name: "foo" }, ...object };
  return isKubeObject(named) && controllerRings.is(named);
}

const ring = ringWith({
  resources: [
    { ...websites, controlledResources: [deployments, configMaps, secrets] },
    { ...secrets, controlledResources: [configMaps] },
    secrets,
  ],
});

Deno.test("roleOf() finds main and controlled resources, and the main role wins", () => {
  assert.equal(roleOf(ring, websites), "main");
  assert.equal(roleOf(ring, deployments), "controlled");
  assert.equal(roleOf(ring, configMaps), "controlled");
  assert.equal(roleOf(ring, secrets), "main");
  assert.equal(roleOf(ring, { group: "", resource: "pods" }), undefined);
  assert.equal(roleOf(ring, { group: "extensions", resource: "deployments" }), undefined);
  assert.equal(roleOf(ringWith(), secrets), undefined);
});

Deno.test("mainResources() and controlledResources() list each resource once, in one of the two", () => {
  assert.deepEqual(mainResources(ring), [websites, secrets]);
  assert.deepEqual(controlledResources(ring), [deployments, configMaps]);
  assert.deepEqual(mainResources(ringWith()), []);
  assert.deepEqual(controlledResources(ringWith({})), []);
});

Deno.test("namespaceSelectorOf() prefers the ring's own selector, also the empty one", () => {
  const fallback = { matchLabels: { team: "a" } };
  assert.equal(namespaceSelectorOf(ringWith(), fallback), fallback);
  assert.equal(namespaceSelectorOf(ringWith({}), fallback), fallback);
  assert.deepEqual(namespaceSelectorOf(ringWith({ namespaceSelector: {} }), fallback), {});
});

Deno.test("controllerRings.is() accepts rings as the API server stores them", () => {
  assert.ok(accepts({}));
  assert.ok(accepts({ spec: {} }));
  assert.ok(accepts({
    spec: {
      resources: [{ group: "", resource: "secrets", controlledResources: [{ group: "", resource: "configmaps" }] }],
      namespaceSelector: { matchLabels: { a: "b" }, matchExpressions: [{ key: "c", operator: "In", values: ["d"] }] },
    },
    status: {
      shards: 3,
      availableShards: 2,
      observedGeneration: 1,
      conditions: [{
        type: "Ready",
        status: "True",
        reason: "R",
        message: "",
        lastTransitionTime: "2026-01-01T00:00:00Z",
      }],
    },
  }));
});

Deno.test("controllerRings.is() refuses fields of other types", () => {
  const specs: readonly JSONValue[] = [
    [],
    "x",
    { resources: {} },
    { resources: ["secrets"] },
    { resources: [{ resource: "secrets" }] },
    { resources: [{ group: "", resource: 1 }] },
    { resources: [{ group: "", resource: "secrets", controlledResources: [{ group: "" }] }] },
    { namespaceSelector: [] },
    { namespaceSelector: { matchLabels: { a: 1 } } },
    { namespaceSelector: { matchExpressions: [{ key: "a" }] } },
    { namespaceSelector: { matchExpressions: [{ key: "a", operator: "In", values: [1] }] } },
  ];
  for (const spec of specs) assert.equal(accepts({ spec }), false, JSON.stringify(spec));
  const statuses: readonly JSONValue[] = ["x", { shards: "3" }, { conditions: [{ type: "Ready" }] }, {
    conditions: {},
  }];
  for (const status of statuses) assert.equal(accepts({ status }), false, JSON.stringify(status));
});
