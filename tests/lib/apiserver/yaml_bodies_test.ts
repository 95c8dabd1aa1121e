import assert from "node:assert/strict";
import type { JSONValue } from "../../../lib/k8s/contract.ts";
import { parseYaml } from "../../../lib/apiserver/request/go_yaml.ts";
import { refusal, start } from "./fixture.ts";

// What the real server reads.
const scalars: readonly (readonly [string, JSONValue])[] = [
  ["y", true],
  ["n", false],
  ["on", true],
  ["OFF", false],
  ["True", true],
  ["~", null],
  ["0644", 420],
  ["0o644", 420],
  ["0x1F", 31],
  ["0b11", 3],
  ["1_000", 1000],
  ["1e3", 1000],
  [".5", 0.5],
  ["+1", 1],
  ["1:30", "1:30"],
  ["2001-01-01", "2001-01-01"],
  ["2001-12-14t21:59:43.10-05:00", "2001-12-14t21:59:43.10-05:00"],
  ["=", "="],
  ["0x", "0x"],
  ["!!str yes", "yes"],
  ["!!int '3'", 3],
  ["!!binary aGk=", "hi"],
  ["'yes'", "yes"],
];

for (const [text, value] of scalars) {
  Deno.test(`parseYaml() reads ${text} as ${JSON.stringify(value)}`, () => {
    assert.deepEqual(parseYaml(`a: ${text}\n`).value, { a: value });
  });
}

Deno.test("parseYaml() merges maps, and gives copies for aliases", () => {
  const { value } = parseYaml("a: &x {b: c}\nd: *x\ne: {<<: *x, f: g}\n");
  assert.deepEqual(value, { a: { b: "c" }, d: { b: "c" }, e: { b: "c", f: "g" } });
  assert(typeof value === "object" && value !== null && !Array.isArray(value));
  assert.notEqual(value["a"], value["d"]);
});

Deno.test("parseYaml() reads the first of several documents, and null where there is none", () => {
  assert.deepEqual(parseYaml("a: 1\n---\nb: 2\n").value, { a: 1 });
  assert.equal(parseYaml("").value, null);
});

Deno.test("parseYaml() keeps keys that every JavaScript object seems to have", () => {
  const { value } = parseYaml("__proto__: a\nconstructor: b\n");
  assert.deepEqual(Object.entries(value ?? {}), [["__proto__", "a"], ["constructor", "b"]]);
});

for (const text of ["a: .inf", "a: [-.inf]", "a: .nan", "a: - b", "{"]) {
  Deno.test(`parseYaml() refuses ${text}`, () => {
    assert.throws(() => parseYaml(text), /^SyntaxError: (line 1: |json: unsupported value: ([+-]Inf|NaN)$)/);
  });
}

Deno.test("parseYaml() refuses aliases of nothing, and more of them than anybody needs", () => {
  assert.throws(() => parseYaml("a: *b"), /Unresolved alias/);
  const level = (name: string, of: string): string => `${name}: &${name} [${Array(9).fill(of).join()}]\n`;
  const bomb = level("a", "x") + level("b", "*a") + level("c", "*b") + level("d", "*c") + level("e", "*d");
  assert.throws(() => parseYaml(bomb), /Excessive alias count/);
});

const path = "/api/v1/namespaces/default/configmaps";
const encoder = new TextEncoder();

Deno.test("a create in YAML is warned of keys that are there twice, and refused when it is to be strict", async () => {
  using fixture = start();
  const body = encoder.encode("kind: ConfigMap\nmetadata: {name: a}\ndata:\n  a: b\n  a: c\n");
  const send = (query: string): Promise<JSONValue> =>
    fixture.client.performRequest({
      method: "POST",
      path,
      querystring: new URLSearchParams(query),
      contentType: "application/yaml",
      bodyRaw: body,
      expectJson: true,
    });
  const { code, message } = await refusal(send("fieldValidation=Strict"));
  assert.equal(code, 400);
  assert.match(message, /line 5: key "a" already set in map/);
  assert.partialDeepStrictEqual(await send("fieldValidation=Warn"), { data: { a: "c" } });
});

Deno.test("the options of a deletion may be YAML", async () => {
  using fixture = start();
  await fixture.api.create({ metadata: { name: "a" } });
  const request = {
    method: "DELETE",
    path: `${path}/a`,
    contentType: "application/yaml",
    expectJson: true,
  } as const;
  const wrong = encoder.encode("preconditions: {uid: other}\n");
  const { code } = await refusal(fixture.client.performRequest({ ...request, bodyRaw: wrong }));
  assert.equal(code, 409);
  const right = encoder.encode("kind: DeleteOptions\napiVersion: v1\ngracePeriodSeconds: 0\n");
  await fixture.client.performRequest({ ...request, bodyRaw: right });
  assert.equal((await fixture.api.list()).items.length, 0);
});
