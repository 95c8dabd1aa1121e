import assert from "node:assert/strict";
import { parse } from "yaml";
import type { JSONObject, JSONValue, RestClient } from "../../../../lib/k8s/contract.ts";
import { isJsonObject } from "../../../../lib/k8s/errors.ts";
import { refusal, send, start } from "../fixture.ts";

const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const foos = "/apis/example.com/v1/namespaces/default/foos";

const specSchema: JSONObject = {
  type: "object",
  required: ["size"],
  "x-kubernetes-validations": [
    { rule: "self.size >= 0 && (!has(self.max) || self.size <= self.max)", message: "size must fit" },
    { rule: "self.name == oldSelf.name", message: "name is immutable" },
  ],
  properties: {
    size: { type: "integer", maximum: 100 },
    max: { type: "integer" },
    name: { type: "string", default: "joe", minLength: 2, maxLength: 5, pattern: "^[a-z]+$" },
    mode: { type: "string", enum: ["A", "B"], default: "A" },
    port: { "x-kubernetes-int-or-string": true },
    free: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
    set: { type: "array", "x-kubernetes-list-type": "set", items: { type: "string" }, maxItems: 3 },
    items: {
      type: "array",
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["k"],
      items: {
        type: "object",
        required: ["k"],
        properties: { k: { type: "string" }, v: { type: "integer", default: 7 } },
      },
    },
    nothing: { type: "string", nullable: true },
  },
};

function definition(spec: JSONObject = specSchema, version: JSONObject = {}): JSONObject {
  const status = { type: "object", properties: { n: { type: "integer" } } };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "foos.example.com" },
    spec: {
      group: "example.com",
      scope: "Namespaced",
      names: { plural: "foos", kind: "Foo" },
      versions: [{
        name: "v1",
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: { openAPIV3Schema: { type: "object", required: ["spec"], properties: { spec, status } } },
        ...version,
      }],
    },
  };
}

function foo(spec: JSONValue, more: JSONObject = {}): JSONObject {
  return { apiVersion: "example.com/v1", kind: "Foo", metadata: { name: "a" }, spec, ...more };
}

function specOf(object: JSONValue): JSONValue {
  return isJsonObject(object) ? object["spec"] : undefined;
}

async function change(client: RestClient, patch: JSONObject): Promise<JSONValue> {
  return await send(client, "PATCH", `${foos}/a`, patch, { contentType: "application/merge-patch+json" });
}

Deno.test("a custom resource is pruned and gets its defaults", async () => {
  using fixture = start();
  await send(fixture.client, "POST", definitions, definition());
  const spec = { size: 1, zoo: 1, name: null, free: { any: [null] }, port: "x", items: [{ k: "x", q: 1 }] };
  const made = await send(fixture.client, "POST", foos, foo(spec, { top: 1 }));
  assert.deepEqual(specOf(made), {
    size: 1,
    name: "joe",
    mode: "A",
    free: { any: [null] },
    port: "x",
    items: [{ k: "x", v: 7 }],
  });
  assert(isJsonObject(made));
  assert.equal(made["top"], undefined);
  const refused = await refusal(send(fixture.client, "POST", `${foos}?fieldValidation=Strict`, foo(spec, { top: 1 })));
  assert.match(
    refused.message,
    /: unknown field "spec\.items\[0\]\.q", unknown field "spec\.zoo", unknown field "top"$/,
  );
});

const unchecked = "some validation rules were not checked because the object was invalid; " +
  "correct the existing errors to complete validation";

// Words of kube-apiserver 1.36.
const refused: readonly (readonly [JSONValue, string])[] = [
  [{}, `[spec.size: Required value, <nil>: Invalid value: null: ${unchecked}]`],
  [
    { size: "a" },
    `[spec.size: Invalid value: "string": spec.size in body must be of type integer: "string", ` +
    `<nil>: Invalid value: null: ${unchecked}]`,
  ],
  [{ size: 101 }, "spec.size: Invalid value: 101: spec.size in body should be less than or equal to 100"],
  [{ size: 5, max: 1 }, "spec: Invalid value: size must fit"],
  [{ size: 1, name: "A1" }, `spec.name: Invalid value: "A1": spec.name in body should match '^[a-z]+$'`],
  [{ size: 1, name: "x" }, 'spec.name: Invalid value: "x": spec.name in body should be at least 2 chars long'],
  [
    { size: 1, mode: "C" },
    `[spec.mode: Unsupported value: "C": supported values: "A", "B", <nil>: Invalid value: null: ${unchecked}]`,
  ],
  [{ size: 1, set: ["a", "a"] }, 'spec.set[1]: Duplicate value: "a"'],
  [{ size: 1, items: [{ k: "x" }, { k: "x" }] }, 'spec.items[1]: Duplicate value: {"k":"x"}'],
];

for (const [spec, message] of refused) {
  Deno.test(`a custom resource with ${JSON.stringify(spec)} gets 422`, async () => {
    using fixture = start();
    await send(fixture.client, "POST", definitions, definition());
    const status = await refusal(send(fixture.client, "POST", foos, foo(spec)));
    assert.equal(status.code, 422);
    assert.equal(status.message, `Foo.example.com "a" is invalid: ${message}`);
  });
}

Deno.test("a rule with oldSelf holds for changes", async () => {
  using fixture = start();
  await send(fixture.client, "POST", definitions, definition());
  await send(fixture.client, "POST", foos, foo({ size: 1 }));
  await change(fixture.client, { spec: { size: 2 } });
  const { message } = await refusal(change(fixture.client, { spec: { name: "jim" } }));
  assert.match(message, /spec: Invalid value: name is immutable$/);
});

Deno.test("what was valid once stays valid until it is changed", async () => {
  using fixture = start();
  await send(fixture.client, "POST", definitions, definition());
  await send(fixture.client, "POST", foos, foo({ size: 50, nothing: null }));
  const tighter = {
    ...specSchema,
    properties: { ...Object(specSchema["properties"]), size: { type: "integer", maximum: 9 } },
  };
  await send(fixture.client, "PATCH", `${definitions}/foos.example.com`, { spec: definition(tighter)["spec"] }, {
    contentType: "application/merge-patch+json",
  });
  await change(fixture.client, { spec: { mode: "B" } });
  assert.equal((await refusal(change(fixture.client, { spec: { size: 51 } }))).code, 422);
});

Deno.test("apply() merges lists of custom resources by their keys, and refuses what the schema lacks", async () => {
  using fixture = start();
  await send(fixture.client, "POST", definitions, definition());
  const contentType = "application/apply-patch+yaml";
  const apply = (manager: string, spec: JSONObject): Promise<JSONValue> =>
    send(fixture.client, "PATCH", `${foos}/a?fieldManager=${manager}`, foo(spec), { contentType });
  await apply("m", { size: 1, items: [{ k: "x", v: 1 }], set: ["p"] });
  const merged = specOf(await apply("n", { size: 1, items: [{ k: "y", v: 2 }], set: ["q"] }));
  assert(isJsonObject(merged));
  assert.deepEqual(merged["items"], [{ k: "x", v: 1 }, { k: "y", v: 2 }]);
  assert.deepEqual(merged["set"], ["p", "q"]);
  assert.equal((await refusal(apply("n", { size: 1, items: [{ k: "x", v: 9 }] }))).code, 409);
  const { code, message } = await refusal(apply("n", { size: 1, bogus: 1 }));
  assert.equal(code, 500);
  assert.match(message, /^failed to create typed patch object \(\/a; example\.com\/v1, Kind=Foo\): \.spec\.bogus: /);
});

const bad: readonly { name: string; definition: JSONObject; code: number; message: RegExp }[] = [
  {
    name: "without types",
    definition: definition({ type: "object", properties: { a: {} } }),
    code: 422,
    message: /properties\[a\]\.type: Required value: must not be empty for specified object fields$/,
  },
  { name: "without a schema", definition: definition({}, { schema: {} }), code: 422, message: /Required value$/ },
  {
    name: "with a wrong default",
    definition: definition({ type: "object", properties: { a: { type: "integer", default: "x" } } }),
    code: 422,
    message: /properties\[a\]\.default: Invalid value: "string": {2}in body must be of type integer/,
  },
  {
    name: "with a rule that does not compile",
    definition: definition({ type: "object", "x-kubernetes-validations": [{ rule: "nosuch(self)" }] }),
    code: 422,
    message: /x-kubernetes-validations\[0\]\.rule: .*compilation failed/,
  },
  {
    name: "with a message that is a rule",
    definition: definition({
      type: "object",
      "x-kubernetes-validations": [{ rule: "true", messageExpression: "'x'" }],
    }),
    code: 501,
    message: /does not support messageExpression/,
  },
];

for (const { name, definition, code, message } of bad) {
  Deno.test(`a CustomResourceDefinition ${name} gets ${code}`, async () => {
    using fixture = start();
    const status = await refusal(send(fixture.client, "POST", definitions, definition));
    assert.equal(status.code, code);
    assert.match(status.message, message);
  });
}

Deno.test("our own definition refuses rings with too long names and repeated resources", async () => {
  using fixture = start();
  const file = new URL("../../../../deploy/crds/sharding.timebertt.dev_controllerrings.yaml", import.meta.url);
  await send(fixture.client, "POST", `${definitions}?fieldValidation=Strict`, parse(await Deno.readTextFile(file)));
  const rings = "/apis/sharding.timebertt.dev/v1alpha1/controllerrings";
  const ring = (name: string, ...resources: JSONObject[]): JSONObject => ({
    apiVersion: "sharding.timebertt.dev/v1alpha1",
    kind: "ControllerRing",
    metadata: { name },
    spec: { resources },
  });
  const secrets = { group: "", resource: "secrets" };
  await send(fixture.client, "POST", rings, ring("y".repeat(63), secrets));
  const { message } = await refusal(send(fixture.client, "POST", rings, ring("y".repeat(64), secrets, secrets)));
  assert.equal(
    message,
    `ControllerRing.sharding.timebertt.dev "${"y".repeat(64)}" is invalid: ` +
      '[spec.resources[1]: Duplicate value: {"group":"","resource":"secrets"}, ' +
      "<nil>: Invalid value: ControllerRing name must not be longer than 63 characters]",
  );
});

Deno.test("a rule that did not hold before does not keep the rest of an object from being changed", async () => {
  using fixture = start();
  const { client } = fixture;
  const list = { type: "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"] };
  const item = { type: "object", required: ["k"], properties: { k: { type: "string" }, v: { type: "integer" } } };
  const properties = { size: { type: "integer" }, items: { ...list, items: item } };
  const rules = { "x-kubernetes-validations": [{ rule: "self.all(each, each.v < 5)", message: "too much" }] };
  const strict = { ...properties, items: { ...properties.items, ...rules } };
  await send(client, "POST", definitions, definition({ type: "object", properties }));
  await send(client, "POST", foos, foo({ items: [{ k: "a", v: 7 }, { k: "b", v: 1 }] }));
  const { spec = {} } = definition({ type: "object", properties: strict });
  await send(client, "PATCH", `${definitions}/foos.example.com`, { spec }, {
    contentType: "application/merge-patch+json",
  });
  await change(client, { spec: { size: 2 } });
  // Their order is not a part of keyed lists.
  await change(client, { spec: { items: [{ k: "b", v: 1 }, { k: "a", v: 7 }] } });
  assert.match((await refusal(change(client, { spec: { items: [{ k: "a", v: 7 }] } }))).message, /too much/);
  await change(client, { spec: { items: [{ k: "a", v: 4 }] } });
});
