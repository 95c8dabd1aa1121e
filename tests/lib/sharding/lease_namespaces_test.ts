import assert from "node:assert/strict";
import {
  admissionOf,
  hasSameLeaseNamespaces,
  isNamespaceName,
  leaseNamespacesOf,
} from "../../../lib/sharding/lease_namespaces.ts";
import { leaseNamespacesAnnotation } from "../../../lib/sharding/names.ts";
import type { ControllerRing } from "../../../lib/sharding/ring_types.ts";

function ringWith(text?: string): ControllerRing {
  const annotations = text === undefined ? {} : { annotations: { [leaseNamespacesAnnotation]: text } };
  return {
    apiVersion: "sharding.timebertt.dev/v1alpha1",
    kind: "ControllerRing",
    metadata: { name: "r", ...annotations },
  };
}

const table: readonly (readonly [string | undefined, readonly string[] | undefined])[] = [
  [undefined, undefined],
  ["a", ["a"]],
  [" a , b,,a ", ["a", "b"]],
  ["", []],
  [" , ", []],
];

for (const [text, names] of table) {
  Deno.test(`leaseNamespacesOf() reads ${JSON.stringify(text)}`, () => {
    const found = leaseNamespacesOf(ringWith(text));
    assert.deepEqual(found === undefined ? undefined : [...found], names);
  });
}

Deno.test("admissionOf() admits all namespaces without the annotation, and none where it names none", () => {
  assert.equal(admissionOf(ringWith()), undefined);
  assert.equal(admissionOf(ringWith("a,b"))?.("b"), true);
  assert.equal(admissionOf(ringWith("a,b"))?.("c"), false);
  assert.equal(admissionOf(ringWith(""))?.("a"), false);
});

Deno.test("hasSameLeaseNamespaces() does not mind order and spelling", () => {
  const same = (a?: string, b?: string): boolean => hasSameLeaseNamespaces(ringWith(a), ringWith(b));
  assert.ok(same() && same("a,b", "b, a") && same("", ","));
  assert.ok(!same("a") && !same(undefined, "") && !same("a", "b") && !same("a", "a,b"));
});

Deno.test("isNamespaceName() takes labels of RFC 1123", () => {
  for (const name of ["a", "default", "a-1", "1", "x".repeat(63)]) assert.ok(isNamespaceName(name), name);
  for (const name of ["", "A", "a_b", "-a", "a-", "a.b", "x".repeat(64)]) assert.ok(!isNamespaceName(name), name);
});
