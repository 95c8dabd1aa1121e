import assert from "node:assert/strict";
import fc from "fast-check";
import jsonPatch from "fast-json-patch";
import type { JsonPatchOperation } from "../../../lib/k8s/api/patch.ts";
import { acknowledgementPatch, patchFor } from "../../../lib/sharding/label_patch.ts";
import { drainLabel, shardLabel } from "../../../lib/sharding/names.ts";
import type { Plan } from "../../../lib/sharding/plan.ts";

const shard = shardLabel("ring");
const drain = drainLabel("ring");

const { applyOperation, getValueByPointer } = jsonPatch;

type Labels = Readonly<Record<string, string>>;
interface Labelled {
  readonly metadata: { readonly name: string; readonly labels?: Labels };
}

function objectWith(labels: Labels | undefined): Labelled {
  return { metadata: { name: "foo", ...(labels === undefined ? {} : { labels }) } };
}

/**
 * Applies a patch as the API server does: of all tests, one against null holds when the field is absent.
 * @throws JsonPatchError or AssertionError when a test does not hold or a path does not exist.
 */
function apply(object: Labelled, patch: readonly JsonPatchOperation[]): Labels | undefined {
  let document = structuredClone(object);
  for (const operation of patch) {
    const { op, path } = operation;
    if (op === "test" && operation.value === null) {
      assert.equal(getValueByPointer(document, path), undefined, `${path} is not absent`);
    } else if (op === "remove") {
      document = applyOperation(document, { op, path }, true).newDocument;
    } else if (op === "add" || op === "test") {
      document = applyOperation(document, { op, path, value: operation.value }, true).newDocument;
    } else assert.fail(`unexpected operation ${op}`);
  }
  return document.metadata.labels;
}

function isRefused(object: Labelled, patch: readonly JsonPatchOperation[]): boolean {
  try {
    apply(object, patch);
    return false;
  } catch {
    return true;
  }
}

const nothing: readonly Plan[] = [
  { type: "none", reason: "assigned" },
  { type: "none", reason: "no key", problem: "the object has no name" },
  { type: "wait", shard: "a", for: "take-over" },
];
const given: readonly Plan[] = [{ type: "assign", shard: "b" }, { type: "move", from: "a", to: "b" }];
const draining: Plan = { type: "drain", from: "a", to: "b" };

const others = fc.dictionary(
  fc.constantFrom("app", "a/b", "c~d", shardLabel("other"), drainLabel("other")),
  fc.string(),
);
/** Labels of objects: those of the ring in all combinations, among others, or none at all. */
const labels = fc.option(
  fc.tuple(others, fc.constantFrom("a", "", undefined), fc.constantFrom("true", "", undefined)).map(
    ([other, shardValue, drainValue]): Labels => ({
      ...other,
      ...(shardValue === undefined ? {} : { [shard]: shardValue }),
      ...(drainValue === undefined ? {} : { [drain]: drainValue }),
    }),
  ),
  { nil: undefined },
);

function withoutRing(labels: Labels | undefined): Labels {
  return Object.fromEntries(Object.entries(labels ?? {}).filter(([name]) => name !== shard && name !== drain));
}

Deno.test("patchFor() tests both labels, then changes them", () => {
  const path = "/metadata/labels/shard.alpha.sharding.timebertt.dev~1ring";
  const drainPath = "/metadata/labels/drain.alpha.sharding.timebertt.dev~1ring";
  assert.deepEqual(
    patchFor({ type: "move", from: "a", to: "b" }, { labels: { [shard]: "a", [drain]: "true" } }, "ring"),
    [
      { op: "test", path, value: "a" },
      { op: "test", path: drainPath, value: "true" },
      { op: "add", path, value: "b" },
      { op: "remove", path: drainPath },
    ],
  );
  assert.deepEqual(patchFor({ type: "assign", shard: "b" }, { name: "foo" }, "ring"), [
    { op: "test", path: "/metadata/labels", value: null },
    { op: "add", path: "/metadata/labels", value: { [shard]: "b" } },
  ]);
});

Deno.test("patchFor() is empty when nothing is to be done", () => {
  for (const plan of nothing) assert.deepEqual(patchFor(plan, { labels: { [shard]: "a" } }, "ring"), []);
});

Deno.test("patchFor() gives the object to its new shard without a drain label, and leaves other labels alone", () => {
  fc.assert(fc.property(fc.constantFrom(...given), labels, (plan, before) => {
    const after = apply(objectWith(before), patchFor(plan, objectWith(before).metadata, "ring"));
    assert.deepEqual(after, { ...withoutRing(before), [shard]: "b" });
  }));
});

Deno.test("patchFor() adds the drain label, and leaves all other labels alone", () => {
  fc.assert(fc.property(others, (other) => {
    const before = { ...other, [shard]: "a" };
    const after = apply(objectWith(before), patchFor(draining, { labels: before }, "ring"));
    assert.deepEqual(after, { ...before, [drain]: "true" });
  }));
});

Deno.test("patchFor() takes a drain back, and leaves all other labels alone", () => {
  fc.assert(fc.property(others, fc.constantFrom("true", ""), (other, value) => {
    const before = { ...other, [shard]: "a", [drain]: value };
    const patch = patchFor({ type: "withdraw", shard: "a" }, { labels: before }, "ring");
    assert.deepEqual(apply(objectWith(before), patch), { ...other, [shard]: "a" });
    // The shard lets go first, or lets go and somebody gives the object to another: nothing is changed.
    assert.ok(isRefused(objectWith(other), patch));
    assert.ok(isRefused(objectWith({ ...other, [shard]: "b" }), patch));
  }));
  assert.deepEqual(patchFor({ type: "withdraw", shard: "a" }, { labels: { [shard]: "a" } }, "ring"), []);
});

Deno.test("acknowledgementPatch() removes both labels, and leaves other labels alone", () => {
  fc.assert(fc.property(labels, (before) => {
    const patch = acknowledgementPatch(objectWith(before).metadata, "ring");
    assert.deepEqual(apply(objectWith(before), patch) ?? {}, withoutRing(before));
    assert.equal(patch.length === 0, before?.[shard] === undefined && before?.[drain] === undefined);
  }));
});

Deno.test("a patch is refused when one of the ring's labels has changed meanwhile", () => {
  fc.assert(fc.property(labels, labels, (before, meanwhile) => {
    const { metadata } = objectWith(before);
    const changed = before?.[shard] !== meanwhile?.[shard] || before?.[drain] !== meanwhile?.[drain];
    const drains = before?.[shard] === "a" ? [patchFor(draining, metadata, "ring")] : [];
    const patches = [...given.map((plan) => patchFor(plan, metadata, "ring")), ...drains];
    for (const patch of [...patches, acknowledgementPatch(metadata, "ring")].filter((patch) => patch.length > 0)) {
      if (changed) assert.ok(isRefused(objectWith(meanwhile), patch));
    }
  }));
});

Deno.test("a patch that adds the labels is refused when somebody else has added some meanwhile", () => {
  const patch = patchFor({ type: "assign", shard: "b" }, { name: "foo" }, "ring");
  assert.ok(isRefused(objectWith({ app: "x" }), patch));
  assert.ok(!isRefused(objectWith(undefined), patch));
});
