import assert from "node:assert/strict";
import fc from "fast-check";
import type { ObjectMeta } from "../../../lib/k8s/types.ts";
import { controlledKey, groupOf, type HashKey, mainKey, referenceKeys } from "../../../lib/sharding/hash_key.ts";

function owner(apiVersion: string, kind: string, name: string, controller = true): ObjectMeta {
  return { name: "child", namespace: "bar", ownerReferences: [{ apiVersion, kind, name, uid: "1", controller }] };
}

function problemOf(key: HashKey): string {
  return key.type === "problem" ? key.problem : "";
}

Deno.test("mainKey() joins group, kind, namespace and name", () => {
  const table: readonly (readonly [group: string, kind: string, metadata: ObjectMeta, key: string])[] = [
    ["", "Secret", { namespace: "default", name: "foo" }, "/Secret/default/foo"],
    ["apps", "Deployment", { namespace: "bar", name: "foo" }, "apps/Deployment/bar/foo"],
    ["webhosting.timebertt.dev", "Theme", { name: "exciting" }, "webhosting.timebertt.dev/Theme//exciting"],
    [
      "webhosting.timebertt.dev",
      "Theme",
      { name: "exciting", namespace: "" },
      "webhosting.timebertt.dev/Theme//exciting",
    ],
  ];
  for (const [group, kind, metadata, key] of table) {
    assert.deepEqual(mainKey({ group, kind }, metadata), { type: "key", key });
  }
});

Deno.test("mainKey() has a problem when the object has no kind or no name", () => {
  assert.match(problemOf(mainKey({ group: "", kind: "" }, { name: "foo" })), /no kind/);
  assert.match(problemOf(mainKey({ group: "", kind: "Secret" }, {})), /no name$/);
  assert.match(problemOf(mainKey({ group: "", kind: "Secret" }, { name: "" })), /no name$/);
  assert.match(
    problemOf(mainKey({ group: "", kind: "Secret" }, { generateName: "foo-" })),
    /generateName is not supported/,
  );
});

Deno.test("controlledKey() is the key of the controller", () => {
  assert.deepEqual(controlledKey(owner("apps/v1", "Deployment", "foo")), {
    type: "key",
    key: "apps/Deployment/bar/foo",
  });
  assert.deepEqual(controlledKey(owner("v1", "Secret", "foo")), { type: "key", key: "/Secret/bar/foo" });
  const ownerKey = mainKey({ group: "apps", kind: "Deployment" }, { namespace: "bar", name: "foo" });
  assert.deepEqual(controlledKey(owner("apps/v1beta1", "Deployment", "foo")), ownerKey);
});

Deno.test("controlledKey() is the key of a cluster-scoped controller, unless the reference's keys are wanted", () => {
  const child = owner("webhosting.timebertt.dev/v1alpha1", "Theme", "exciting");
  const asked: unknown[] = [];
  const key = controlledKey(child, (kind) => {
    asked.push(kind);
    return true;
  });
  const theme = { group: "webhosting.timebertt.dev", kind: "Theme" };
  assert.deepEqual(key, mainKey(theme, { name: "exciting" }));
  assert.deepEqual(asked, [theme]);
  const reference = { type: "key", key: "webhosting.timebertt.dev/Theme/bar/exciting" };
  assert.deepEqual(controlledKey(child, referenceKeys), reference);
  assert.deepEqual(controlledKey(child), reference);
});

Deno.test("controlledKey() of a cluster-scoped child needs no word on where its controller lies", () => {
  const { namespace: _, ...child } = owner("v1", "Theme", "exciting");
  const key = controlledKey(child, () => assert.fail("nobody has to be asked"));
  assert.deepEqual(key, { type: "key", key: "/Theme//exciting" });
});

Deno.test("controlledKey() has a problem as long as it is not known where the controller lies", () => {
  assert.match(
    problemOf(controlledKey(owner("v1", "Theme", "exciting"), () => undefined)),
    /whether a Theme lies in a/,
  );
});

Deno.test("controlledKey() does not need the object's own name", () => {
  const { name: _name, ...unnamed } = owner("v1", "Secret", "foo");
  assert.deepEqual(controlledKey({ ...unnamed, generateName: "child-" }), { type: "key", key: "/Secret/bar/foo" });
});

Deno.test("controlledKey() is none without a controller", () => {
  assert.deepEqual(controlledKey({ name: "child", namespace: "bar" }), { type: "none" });
  assert.deepEqual(controlledKey({ name: "child", ownerReferences: [] }), { type: "none" });
  assert.deepEqual(controlledKey(owner("v1", "Secret", "foo", false)), { type: "none" });
});

Deno.test("controlledKey() has a problem when the controller reference is broken", () => {
  assert.match(problemOf(controlledKey(owner("", "Secret", "foo"))), /no apiVersion/);
  assert.match(problemOf(controlledKey(owner("v1", "", "foo"))), /no kind/);
  assert.match(problemOf(controlledKey(owner("v1", "Secret", ""))), /no name/);
  assert.match(problemOf(controlledKey(owner("a/b/v1", "Secret", "foo"))), /malformed apiVersion "a\/b\/v1"/);
});

Deno.test("hash keys never throw, whatever JSON the metadata is", () => {
  // JSON.parse gives what a request really contains, which no type has checked.
  fc.assert(fc.property(fc.json(), fc.json(), (references, name) => {
    const metadata: ObjectMeta = JSON.parse(`{"name": ${name}, "ownerReferences": ${references}}`);
    const wrapped: ObjectMeta = JSON.parse(`{"ownerReferences": [null, ${references}, {"controller": true}]}`);
    for (const key of [mainKey({ group: "", kind: "Secret" }, metadata), controlledKey(metadata)]) {
      assert.ok(["key", "none", "problem"].includes(key.type));
    }
    assert.equal(controlledKey(wrapped).type, "problem");
  }));
});

Deno.test("groupOf() splits an apiVersion as the API server does", () => {
  const table = [["v1", ""], ["apps/v1", "apps"], ["/v1", ""], ["apps/", "apps"], ["a/b/c", undefined]] as const;
  for (const [apiVersion, group] of table) assert.equal(groupOf(apiVersion), group, apiVersion);
});
