import assert from "node:assert/strict";
import { applyStrategicPatch } from "../../../../lib/apiserver/patch/strategic_patch.ts";
import { builtinSchema } from "../../../../lib/apiserver/schema/builtin_schema.ts";
import type { JSONObject } from "../../../../lib/k8s/contract.ts";

const podSpec = builtinSchema("io.k8s.api.core.v1.PodSpec");
const deploymentSpec = builtinSchema("io.k8s.api.apps.v1.DeploymentSpec");
const meta = builtinSchema("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");

interface Case {
  readonly name: string;
  readonly schema?: typeof podSpec;
  readonly target: JSONObject;
  readonly patch: JSONObject;
  readonly wanted: JSONObject;
}

const two = { containers: [{ name: "a", image: "1" }, { name: "b", image: "2" }] };

// What comes out was compared with kube-apiserver 1.36.
const cases: readonly Case[] = [
  {
    name: "merges items of a list by its key",
    target: two,
    patch: { containers: [{ name: "b", image: "3" }, { name: "c", image: "4" }] },
    wanted: { containers: [{ name: "a", image: "1" }, { name: "b", image: "3" }, { name: "c", image: "4" }] },
  },
  {
    name: "replaces lists without a strategy",
    target: { containers: [{ name: "a", args: ["1", "2"] }] },
    patch: { containers: [{ name: "a", args: ["3"] }] },
    wanted: { containers: [{ name: "a", args: ["3"] }] },
  },
  {
    name: "deletes an item with $patch: delete",
    target: two,
    patch: { containers: [{ name: "a", $patch: "delete" }] },
    wanted: { containers: [{ name: "b", image: "2" }] },
  },
  {
    name: "replaces a list with $patch: replace",
    target: two,
    patch: { containers: [{ name: "z" }, { $patch: "replace" }] },
    wanted: { containers: [{ name: "z" }] },
  },
  {
    name: "orders items with $setElementOrder",
    target: two,
    patch: { "$setElementOrder/containers": [{ name: "b" }, { name: "a" }] },
    wanted: { containers: [{ name: "b", image: "2" }, { name: "a", image: "1" }] },
  },
  {
    name: "replaces a map with $patch: replace",
    schema: meta,
    target: { labels: { a: "1", b: "2" } },
    patch: { labels: { $patch: "replace", c: "3" } },
    wanted: { labels: { c: "3" } },
  },
  {
    name: "deletes scalars with $deleteFromPrimitiveList",
    schema: meta,
    target: { finalizers: ["a/a", "b/b", "c/c"] },
    patch: { "$deleteFromPrimitiveList/finalizers": ["b/b"] },
    wanted: { finalizers: ["a/a", "c/c"] },
  },
  {
    name: "adds scalars to a list that is merged",
    schema: meta,
    target: { finalizers: ["a/a"] },
    patch: { finalizers: ["b/b", "a/a"] },
    wanted: { finalizers: ["b/b", "a/a"] },
  },
  {
    name: "keeps only what $retainKeys names",
    schema: deploymentSpec,
    target: { strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1 } } },
    patch: { strategy: { $retainKeys: ["type"], type: "Recreate" } },
    wanted: { strategy: { type: "Recreate" } },
  },
  {
    name: "removes with null, and leaves directives out of what it adds",
    target: { nodeName: "n" },
    patch: { nodeName: null, containers: [{ name: "a", env: [{ name: "x", $patch: "delete" }, { name: "y" }] }] },
    wanted: { containers: [{ name: "a", env: [{ name: "y" }] }] },
  },
];

for (const { name, schema = podSpec, target, patch, wanted } of cases) {
  Deno.test(`applyStrategicPatch() ${name}`, () => {
    assert.deepEqual(applyStrategicPatch(structuredClone(target), structuredClone(patch), schema), wanted);
  });
}

const refused = [
  { name: "an unknown directive", patch: { $patch: "frobnicate" }, message: /unknown patch type: frobnicate/ },
  { name: "an item without its key", patch: { containers: [{ image: "x" }] }, message: /merge key: name/ },
  {
    name: "an order that lacks an item",
    patch: { "$setElementOrder/containers": [{ name: "a" }], containers: [{ name: "q" }] },
    message: /doesn't match \$setElementOrder/,
  },
  {
    name: "keys beside $retainKeys",
    patch: { $retainKeys: ["a"], nodeName: "x" },
    message: /invalid patch format of retainKeys/,
  },
];

for (const { name, patch, message } of refused) {
  Deno.test(`applyStrategicPatch() refuses ${name}`, () => {
    assert.throws(() => applyStrategicPatch(structuredClone(two), structuredClone(patch), podSpec), message);
  });
}
