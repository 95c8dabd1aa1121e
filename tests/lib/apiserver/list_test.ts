import assert from "node:assert/strict";
import { Api } from "../../../lib/k8s/api/api.ts";
import { ApiError } from "../../../lib/k8s/errors.ts";
import { configMaps } from "../../../lib/k8s/kinds/core.ts";
import { type Fixture, refusal, send, start } from "./fixture.ts";

const path = "/api/v1/namespaces/default/configmaps";

async function fill(fixture: Fixture, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await fixture.api.create({
      metadata: { name: `n${i}`, labels: { i: String(i), parity: i % 2 === 0 ? "even" : "odd" } },
    });
  }
}

const selectors: readonly (readonly [string, readonly string[]])[] = [
  ["", ["n0", "n1", "n2"]],
  ["i", ["n0", "n1", "n2"]],
  ["!i", []],
  ["!other", ["n0", "n1", "n2"]],
  ["i=1", ["n1"]],
  ["i==1", ["n1"]],
  ["i!=1", ["n0", "n2"]],
  ["other!=1", ["n0", "n1", "n2"]],
  ["i in (0,2)", ["n0", "n2"]],
  ["i notin (0, 2)", ["n1"]],
  ["other notin (0,2)", ["n0", "n1", "n2"]],
  ["i in ()", []],
  ["parity=even,i notin (0)", ["n2"]],
  ["i>0,i<2", ["n1"]],
  ["i>0001,i<9223372036854775807", ["n2"]],
  ["i=", []],
];

for (const [labelSelector, expected] of selectors) {
  Deno.test(`list() with the label selector "${labelSelector}" gives ${expected.length} objects`, async () => {
    using fixture = start();
    await fill(fixture, 3);
    const { items } = await fixture.api.list({ labelSelector });
    assert.deepEqual(items.map(({ metadata }) => metadata.name), expected);
  });
}

const fields: readonly (readonly [string, readonly string[]])[] = [
  ["metadata.name=n1", ["n1"]],
  ["metadata.name!=n1", ["n0", "n2"]],
  ["metadata.name=n1,metadata.namespace=other", []],
  ["metadata.name=none", []],
  ["=", ["n0", "n1", "n2"]],
];

for (const [fieldSelector, expected] of fields) {
  Deno.test(`list() with the field selector ${fieldSelector} gives ${expected.length} objects`, async () => {
    using fixture = start();
    await fill(fixture, 3);
    const { items } = await fixture.api.list({ fieldSelector });
    assert.deepEqual(items.map(({ metadata }) => metadata.name), expected);
    const everywhere = await new Api(fixture.client, configMaps).list({ fieldSelector });
    assert.deepEqual(everywhere.items.map(({ metadata }) => metadata.name), expected);
  });
}

const refused: readonly (readonly [string, number, RegExp])[] = [
  ["labelSelector=a b", 400, /found 'b', expected: in, notin, =, ==, !=, gt, lt/],
  ["labelSelector=a==b c", 400, /found 'c', expected: ',' or 'end of string'/],
  ["labelSelector=,", 400, /expected: !, identifier, or 'end of string'/],
  ["labelSelector=a in (1", 400, /expected: ',' or '\)'/],
  [
    "labelSelector=i>9223372036854775808",
    400,
    /"9223372036854775808": for 'Gt', 'Lt' operators, the value must be an int/,
  ],
  ["labelSelector=i>,a", 400, /values\[0\]: Invalid value: "": for 'Gt', 'Lt' operators, the value must be an integer/],
  ["labelSelector=i>>1", 400, /unable to parse requirement: found '>', expected: identifier/],
  ["labelSelector=i>-5", 400, /values\[0\]\[i\]: Invalid value: "-5": a valid label must/],
  ["fieldSelector=metadata.name=a=b", 400, /invalid field selector: unescaped character in value: 61/],
  ["fieldSelector=metadata.name=a\\", 400, /invalid field selector: invalid escape sequence: \\/],
  ["fieldSelector=spec.x=1", 400, /"spec\.x" is not a known field selector/],
  ["fieldSelector=foo", 400, /can't understand 'foo'/],
  ["continue=abc", 400, /invalid continue token/],
  ["resourceVersion=abc", 400, /invalid resource version/],
  ["resourceVersion=99999", 504, /Too large resource version: 99999, current: \d+/],
  ["resourceVersion=99999&resourceVersionMatch=Exact", 504, /Too large resource version/],
  ["resourceVersion=0&resourceVersionMatch=Exact", 422, /is forbidden for resourceVersion "0"/],
  ["resourceVersionMatch=Exact", 422, /forbidden unless resourceVersion is provided/],
  ["resourceVersion=5&resourceVersionMatch=Foo", 422, /Unsupported value: "Foo"/],
  ["sendInitialEvents=true", 422, /sendInitialEvents is forbidden for list/],
];

for (const [query, code, message] of refused) {
  Deno.test(`list() with ${query} gets ${code}`, async () => {
    using fixture = start();
    const status = await refusal(send(fixture.client, "GET", `${path}?${query}`));
    assert.equal(status.code, code);
    assert.match(status.message, message);
  });
}

Deno.test("list() in pages shows one state while others write", async () => {
  using fixture = start();
  await fill(fixture, 5);
  const first = await fixture.api.list({ limit: 2 });
  await fixture.api.delete("n3");
  await fixture.api.create({ metadata: { name: "n2a" } });
  await fixture.api.patch("n4", { type: "merge", patch: { metadata: { labels: { i: "changed" } } } });
  const rest = await fixture.api.list({ limit: 9, continueToken: first.continueToken ?? "" });
  assert.deepEqual(rest.items.map(({ metadata }) => metadata.name), ["n2", "n3", "n4"]);
  assert.equal(rest.items[2]?.metadata.labels?.["i"], "4");
  assert.equal(rest.resourceVersion, first.resourceVersion);
  assert.equal(rest.continueToken, undefined);
});

Deno.test("list() counts what remains, unless a selector hides it", async () => {
  using fixture = start();
  await fill(fixture, 5);
  const plain = await send(fixture.client, "GET", `${path}?limit=2`);
  const filtered = await send(fixture.client, "GET", `${path}?limit=2&labelSelector=i`);
  assert.equal(JSON.stringify(plain).includes('"remainingItemCount":3'), true);
  assert.equal(JSON.stringify(filtered).includes("remainingItemCount"), false);
});

Deno.test("list() with resourceVersion 0 knows no pages", async () => {
  using fixture = start();
  await fill(fixture, 3);
  const { items, continueToken } = await fixture.api.list({ limit: 1, resourceVersion: "0" });
  assert.deepEqual([items.length, continueToken], [3, undefined]);
});

Deno.test("list() with an exact resourceVersion shows the past", async () => {
  using fixture = start();
  await fill(fixture, 2);
  const { resourceVersion } = await fixture.api.list();
  await fixture.api.delete("n0");
  const past = await fixture.api.list({ resourceVersion, resourceVersionMatch: "Exact" });
  assert.deepEqual([past.items.length, past.resourceVersion], [2, resourceVersion]);
  const now = await fixture.api.list({ resourceVersion, resourceVersionMatch: "NotOlderThan" });
  assert.deepEqual([now.items.length, now.resourceVersion], [1, String(fixture.server.revision)]);
  fixture.server.compact();
  const { code, reason } = await refusal(fixture.api.list({ resourceVersion, resourceVersionMatch: "Exact" }));
  assert.deepEqual([code, reason], [410, "Expired"]);
});

Deno.test("an expired page comes with a token that goes on with newer state", async () => {
  using fixture = start();
  await fill(fixture, 4);
  const first = await fixture.api.list({ limit: 2 });
  await fixture.api.create({ metadata: { name: "n9" } });
  fixture.server.compact();
  await assert.rejects(fixture.api.list({ limit: 2, continueToken: first.continueToken ?? "" }), (error) => {
    assert(error instanceof ApiError);
    assert.deepEqual([error.status.code, error.status.reason], [410, "Expired"]);
    assert.notEqual(error.status.continueToken, undefined);
    return true;
  });
  const names: string[] = [];
  for await (const page of fixture.api.pages({ limit: 2, onExpired: "resume" })) {
    names.push(...page.items.map(({ metadata }) => metadata.name));
    await fixture.api.patch("n0", { type: "merge", patch: { data: { n: String(names.length) } } });
    fixture.server.compact();
  }
  assert.deepEqual(names, ["n0", "n1", "n2", "n3", "n9"]);
});

Deno.test("metadata lists have no data, and each kind of answer needs its own Accept", async () => {
  using fixture = start();
  await fixture.api.create({ metadata: { name: "a" }, data: { k: "v" } });
  const [item] = (await fixture.api.asMetadata().list()).items;
  assert.deepEqual(Object.keys(item ?? {}).sort(), ["apiVersion", "kind", "metadata"]);
  const one = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
  const many = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
  assert.equal((await refusal(send(fixture.client, "GET", path, undefined, { accept: one }))).code, 406);
  assert.equal((await refusal(send(fixture.client, "GET", `${path}/a`, undefined, { accept: many }))).code, 406);
  const other = "application/json;as=Other;g=meta.k8s.io;v=v1";
  assert.equal((await refusal(send(fixture.client, "GET", path, undefined, { accept: other }))).code, 406);
});

Deno.test("get() of what is not there yet or does not exist is refused", async () => {
  using fixture = start();
  await fill(fixture, 1);
  assert.equal((await refusal(fixture.api.get("n0", { resourceVersion: "99999" }))).code, 504);
  const { code, message } = await refusal(fixture.api.get("none"));
  assert.deepEqual([code, message], [404, 'configmaps "none" not found']);
});
