import assert from "node:assert/strict";
import fc from "fast-check";
import { formatFieldSelector, matchesFieldSelector, parseFieldSelector } from "../../../lib/k8s/field_selectors.ts";
import {
  formatLabelSelector,
  formatSelector,
  matchesLabelSelector,
  matchesSelector,
  parseSelector,
  SelectorError,
  type SelectorRequirement,
} from "../../../lib/k8s/selectors.ts";
import type { LabelSelector } from "../../../lib/k8s/types.ts";

const keys = ["a", "b", "app.kubernetes.io/name", "shard.alpha.sharding.timebertt.dev/my-ring", "in", "notin"];
const values = ["", "x", "y", "z-1", "A_b.c"];
const labels = fc.dictionary(fc.constantFrom(...keys), fc.constantFrom(...values), { maxKeys: 4 });

const sets = fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 4 });
const setRequirement = fc.record({
  key: fc.constantFrom(...keys),
  operator: fc.constantFrom("In" as const, "NotIn" as const),
  values: sets.map((set) => set.sort()),
}, { noNullPrototype: true });
const existence = fc.record({
  key: fc.constantFrom(...keys),
  operator: fc.constantFrom("Exists" as const, "DoesNotExist" as const),
  values: fc.constant([]),
}, { noNullPrototype: true });
const comparison = fc.record({
  key: fc.constantFrom(...keys),
  operator: fc.constantFrom("GreaterThan" as const, "LessThan" as const),
  values: fc.integer({ min: -5, max: 20 }).map((limit) => [String(limit)]),
}, { noNullPrototype: true });
const apiRequirement: fc.Arbitrary<SelectorRequirement & { operator: "In" | "NotIn" | "Exists" | "DoesNotExist" }> = fc
  .oneof(setRequirement, existence);

Deno.test("parseSelector(formatSelector(x)) is x", () => {
  fc.assert(fc.property(fc.array(fc.oneof(setRequirement, existence, comparison), { maxLength: 5 }), (selector) => {
    assert.deepEqual(parseSelector(formatSelector(selector)), selector);
  }));
});

Deno.test("a LabelSelector and its string form match the same labels", () => {
  const selectors: fc.Arbitrary<LabelSelector> = fc.record({
    matchLabels: labels,
    matchExpressions: fc.array(
      apiRequirement.map(({ key, operator, values }) => ({ key, operator, values: [...values] })),
    ),
  }, { requiredKeys: [] });
  fc.assert(fc.property(selectors, labels, (selector, labels) => {
    const parsed = parseSelector(formatLabelSelector(selector));
    assert.equal(matchesSelector(parsed, labels), matchesLabelSelector(selector, labels));
  }));
});

Deno.test("parseSelector() reads every form, with any white space", () => {
  const forms = "a=b, c==d ,e!=f,g in (y, x,x),h notin ( z ) ,i in (,v),j,! k,l>3,m<-4,n=,in in (in)";
  assert.equal(formatSelector(parseSelector(forms)), "a=b,c=d,e!=f,g in (x,y),h!=z,i in (,v),j,!k,l>3,m<-4,n=,in=in");
  assert.deepEqual(parseSelector("  "), []);
});

Deno.test("parseSelector() refuses what the API server refuses, and says why", () => {
  const cases: [string, RegExp][] = [
    ["a=b,", /a requirement is empty/],
    ["a in ()", /needs values/],
    ["a in (b", /not closed/],
    ["a in b)", /do not match/],
    ["a in ((b))", /do not match/],
    ["a = b c", /is no requirement: write one like "key=value"/],
    ["a within (b)", /is no requirement/],
    ["a=b=c", /is no requirement/],
    ["-a=b", /"-a" is no label key/],
    ["A_/b", /is no label key/],
    ["a/b/c", /is no label key/],
    [`${"a".repeat(64)}`, /is no label key/],
    ["a=-b", /"-b" of key "a" is no label value/],
    [`a=${"b".repeat(64)}`, /is no label value/],
    ["a>x", /"x" after key "a" is no whole number/],
  ];
  for (const [text, message] of cases) {
    assert.throws(
      () => parseSelector(text),
      (error) => error instanceof SelectorError && message.test(error.message),
      text,
    );
  }
});

Deno.test("matchesSelector() follows the API server's rules for absent labels", () => {
  const cases: [string, Record<string, string> | undefined, boolean][] = [
    ["", undefined, true],
    ["a=b", { a: "b" }, true],
    ["a=b", {}, false],
    ["a=", { a: "" }, true],
    ["a=", {}, false],
    ["a!=b", {}, true],
    ["a!=b", undefined, true],
    ["a!=b", { a: "b" }, false],
    ["a in (b,c)", { a: "c" }, true],
    ["a notin (b,c)", { a: "c" }, false],
    ["a notin (b,c)", { x: "c" }, true],
    ["a", { a: "" }, true],
    ["!a", { a: "" }, false],
    ["!a", { b: "" }, true],
    ["a=b,c", { a: "b" }, false],
    ["a>3", { a: "4" }, true],
    ["a>3", { a: "3" }, false],
    ["a<3", { a: "x" }, false],
    ["a<3", {}, false],
    ["a>9007199254740993", { a: "9007199254740994" }, true],
    ["constructor", {}, false],
    ["!toString", {}, true],
  ];
  for (const [selector, labels, expected] of cases) {
    assert.equal(
      matchesSelector(parseSelector(selector), labels),
      expected,
      `${selector} on ${JSON.stringify(labels)}`,
    );
  }
});

Deno.test("formatLabelSelector() writes equal selectors alike, and the empty one as empty", () => {
  assert.equal(formatLabelSelector({}), "");
  assert.equal(formatLabelSelector({ matchLabels: { b: "2", a: "1" } }), "a=1,b=2");
  assert.equal(
    formatLabelSelector({ matchExpressions: [{ key: "a", operator: "NotIn", values: ["y", "x"] }] }),
    "a notin (x,y)",
  );
});

Deno.test("formatLabelSelector() refuses a selector that does not follow the rules", () => {
  const cases: [LabelSelector, RegExp][] = [
    [
      { matchExpressions: [{ key: "a", operator: "Equals", values: ["b"] }] },
      /operator "Equals" of key "a" is unknown: use In/,
    ],
    [{ matchExpressions: [{ key: "a", operator: "In" }] }, /In of key "a" needs values/],
    [{ matchExpressions: [{ key: "a", operator: "Exists", values: ["b"] }] }, /Exists of key "a" takes no values/],
    [{ matchLabels: { "a b": "c" } }, /"a b" is no label key/],
    [{ matchLabels: { a: "b c" } }, /"b c" of key "a" is no label value/],
  ];
  for (const [selector, message] of cases) {
    assert.throws(
      () => formatLabelSelector(selector),
      (error) => error instanceof SelectorError && message.test(error.message),
    );
  }
});

Deno.test("parseFieldSelector(formatFieldSelector(x)) is x", () => {
  const requirement = fc.record({
    field: fc.constantFrom("metadata.name", "metadata.namespace", "spec.nodeName"),
    operator: fc.constantFrom("=" as const, "!=" as const),
    value: fc.string({ unit: fc.constantFrom("a", "b", "\\", ",", "=", " ", "!") }),
  }, { noNullPrototype: true });
  fc.assert(fc.property(fc.array(requirement, { maxLength: 4 }), (selector) => {
    assert.deepEqual(parseFieldSelector(formatFieldSelector(selector)), selector);
  }));
});

Deno.test("matchesFieldSelector() compares fields, and parseFieldSelector() refuses what is none", () => {
  const fields = new Map([["metadata.name", "foo"], ["metadata.namespace", "default"]]);
  const matches = (text: string): boolean =>
    matchesFieldSelector(parseFieldSelector(text), (field) => fields.get(field) ?? "");
  assert.equal(matches(""), true);
  assert.equal(matches("metadata.name==foo,metadata.namespace=default"), true);
  assert.equal(matches("metadata.name!=foo"), false);
  assert.equal(matches("spec.nodeName="), true);
  assert.throws(() => parseFieldSelector("metadata.name"), /"metadata.name" is no requirement/);
  assert.throws(() => parseFieldSelector("a=b,,c=d"), SelectorError);
});
