import assert from "node:assert/strict";
import fc from "fast-check";
import type { Attributes } from "../../../../lib/apiserver/rbac/attributes.ts";
import { describeRights, uncovered } from "../../../../lib/apiserver/rbac/escalation.ts";
import { allows, covers, type PolicyRule, singleRights } from "../../../../lib/apiserver/rbac/rules.ts";

const none: PolicyRule = { verbs: [], apiGroups: [], resources: [], resourceNames: [], nonResourceURLs: [] };

function onResources(verbs: string, apiGroups: string, resources: string, names = ""): PolicyRule {
  const list = (text: string): string[] => text.split(",");
  return {
    ...none,
    verbs: list(verbs),
    apiGroups: list(apiGroups),
    resources: list(resources),
    resourceNames: names === "" ? [] : list(names),
  };
}

function wants(verb: string, group: string, what: string, name = ""): Attributes {
  const [resource = "", subresource = ""] = what.split("/");
  return { type: "resource", verb, group, resource, subresource, namespace: "", name };
}

const onResource: readonly (readonly [PolicyRule, Attributes, boolean])[] = [
  [onResources("get", "", "pods"), wants("get", "", "pods"), true],
  [onResources("get", "", "pods"), wants("list", "", "pods"), false],
  [onResources("get", "", "pods"), wants("get", "apps", "pods"), false],
  [onResources("*", "*", "*"), wants("anything", "any", "thing/part", "name"), true],
  [onResources("get", "", "*"), wants("get", "", "pods/log"), true],
  [onResources("get", "", "pods"), wants("get", "", "pods/log"), false],
  [onResources("get", "", "pods/log"), wants("get", "", "pods/log"), true],
  [onResources("get", "", "pods/log"), wants("get", "", "pods"), false],
  [onResources("get", "", "*/scale"), wants("get", "", "pods/scale"), true],
  [onResources("get", "", "*/scale"), wants("get", "", "pods/log"), false],
  [onResources("get", "", "pods/*"), wants("get", "", "pods/log"), false],
  [onResources("get", "", "pods", "a,b"), wants("get", "", "pods", "b"), true],
  [onResources("get", "", "pods", "a,b"), wants("get", "", "pods", "c"), false],
  [onResources("list", "", "pods", "a"), wants("list", "", "pods"), false],
  [{ ...none, verbs: ["get"], nonResourceURLs: ["*"] }, wants("get", "", "pods"), false],
];

for (const [rule, attributes, expected] of onResource) {
  Deno.test(`${JSON.stringify(rule)} ${expected ? "allows" : "does not allow"} ${JSON.stringify(attributes)}`, () => {
    assert.equal(allows(rule, attributes), expected);
  });
}

const onPath: readonly (readonly [string, string, boolean])[] = [
  ["/metrics", "/metrics", true],
  ["/metrics", "/metrics/cadvisor", false],
  ["/metrics/*", "/metrics/cadvisor", true],
  ["/metrics/*", "/metrics", false],
  ["/api*", "/apis", true],
  ["*", "/anything", true],
];

for (const [pattern, path, expected] of onPath) {
  Deno.test(`a rule for ${pattern} ${expected ? "matches" : "does not match"} the path ${path}`, () => {
    const rule = { ...none, verbs: ["get"], nonResourceURLs: [pattern] };
    assert.equal(allows(rule, { type: "path", verb: "get", path }), expected);
    assert.equal(allows(rule, { type: "path", verb: "post", path }), false);
    assert.equal(covers(rule, { ...rule, nonResourceURLs: [path] }), expected);
  });
}

const some = (values: readonly string[]): fc.Arbitrary<string[]> => fc.subarray([...values], { minLength: 1 });
const rules = fc.record({
  verbs: some(["get", "list", "*"]),
  apiGroups: some(["", "apps", "*"]),
  resources: some(["pods", "pods/log", "*/log", "jobs", "*"]),
  resourceNames: fc.subarray(["a", "b"]),
  nonResourceURLs: fc.constant<string[]>([]),
});
const attributes = fc.record({
  type: fc.constant("resource" as const),
  verb: fc.constantFrom("get", "list", "watch"),
  group: fc.constantFrom("", "apps", "batch"),
  resource: fc.constantFrom("pods", "jobs"),
  subresource: fc.constantFrom("", "log", "scale"),
  namespace: fc.constant(""),
  name: fc.constantFrom("", "a", "b", "c"),
});

Deno.test("a rule allows what one of its single rights allows, and nothing else", () => {
  fc.assert(fc.property(rules, attributes, (rule, wanted) => {
    assert.equal(singleRights(rule).some((right) => allows(right, wanted)), allows(rule, wanted));
  }));
});

Deno.test("who holds all rights of a rule may do all that it allows", () => {
  fc.assert(fc.property(fc.array(rules, { maxLength: 4 }), rules, attributes, (held, rule, wanted) => {
    fc.pre(uncovered([rule], held).length === 0 && allows(rule, wanted));
    assert(held.some((each) => allows(each, wanted)));
  }));
});

Deno.test("every rule covers itself", () => {
  fc.assert(fc.property(rules, (rule) => assert.deepEqual(uncovered([rule], [rule]), [])));
});

Deno.test("missing rights are told as the real server tells them", () => {
  const wanted = [
    onResources("get,delete,list", "", "secrets,configmaps"),
    onResources("get", "apps", "deployments", "a,b"),
    { ...none, verbs: ["get", "post"], nonResourceURLs: ["/metrics"] },
  ];
  assert.deepEqual(describeRights(uncovered(wanted, [onResources("get,list", "", "secrets")])), [
    '{APIGroups:[""], Resources:["configmaps"], Verbs:["get" "delete" "list"]}',
    '{APIGroups:[""], Resources:["secrets"], Verbs:["delete"]}',
    '{APIGroups:["apps"], Resources:["deployments"], ResourceNames:["a"], Verbs:["get"]}',
    '{APIGroups:["apps"], Resources:["deployments"], ResourceNames:["b"], Verbs:["get"]}',
    '{NonResourceURLs:["/metrics"], Verbs:["get"]}',
    '{NonResourceURLs:["/metrics"], Verbs:["post"]}',
  ]);
});
