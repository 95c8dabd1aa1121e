import assert from "node:assert/strict";
import { JsonPathError, parseJsonPath } from "../../../../lib/apiserver/printers/json_path.ts";
import type { JSONValue } from "../../../../lib/k8s/contract.ts";

const document = {
  metadata: { labels: { "a.b/c": "label" } },
  spec: { list: [{ a: "x", b: 1 }, { a: "y", b: 2 }], number: 12, nothing: null, "it's": 1 },
  status: { conditions: [{ type: "Other", status: "False" }, { type: "Ready", status: "True", at: { b: "c" } }] },
};

const paths: readonly (readonly [string, readonly JSONValue[]])[] = [
  [".spec.number", [12]],
  ["{.spec.number}", [12]],
  [".spec.missing.field", []],
  [".spec.nothing", [null]],
  [".spec.list[0].a", ["x"]],
  [".spec.list[-1].a", ["y"]],
  [".spec.list[7].a", []],
  [".spec.list[*].b", [1, 2]],
  [".spec.list[?(@.a=='y')].b", [2]],
  [".spec.list[?(@.b>1)].b", [2]],
  [".spec.list[?(@.b<=1)].b", [1]],
  [".spec.list[?(@.b!=1)].b", [2]],
  [".spec.list[?(@.c)].b", []],
  [`.status.conditions[?(@.type == "Ready")].status`, ["True"]],
  [`.status.conditions[?(@.at.b=="c")].status`, ["True"]],
  [`.status.conditions[?(@.type >= "P")].type`, ["Ready"]],
  [".metadata.labels.a\\.b/c", ["label"]],
  [".metadata.labels['a\\.b/c']", ["label"]],
  [`.metadata.labels["a.b/c"]`, ["label"]],
  [".metadata.labels.*", ["label"]],
  [".spec.number.toString", []],
  [".__proto__", []],
];

for (const [path, found] of paths) {
  Deno.test(`parseJsonPath() finds ${JSON.stringify(found)} at ${path}`, () => {
    assert.deepEqual(parseJsonPath(path)(document), found);
  });
}

for (const path of ["..a", ".a[0:2]", ".a[0,1]", ".a b", ".a[?(@.b=~'c')]", ".a[", ".a[?(@.b==c)]"]) {
  Deno.test(`parseJsonPath() refuses ${path}`, () => assert.throws(() => parseJsonPath(path), JsonPathError));
}
