import assert from "node:assert/strict";
import type { JSONObject, JSONValue } from "../../../lib/k8s/contract.ts";
import { deepEqual } from "../../../lib/apiserver/json.ts";
import { refusal, send, start } from "./fixture.ts";

const configMaps = "/api/v1/namespaces/default/configmaps";
const secrets = "/api/v1/namespaces/default/secrets";

/** Names that every JavaScript object seems to have. */
const inherited = ["constructor", "toString", "hasOwnProperty", "valueOf", "__proto__"];

/** An object with an own field of any name, as JSON.parse makes it. */
function own(key: string, value: JSONValue): JSONObject {
  return Object.fromEntries([[key, value]]);
}

for (const key of inherited) {
  Deno.test(`deepEqual() sees that a field named ${key} was added or taken away`, () => {
    assert.equal(deepEqual({}, own(key, "a")), false);
    assert.equal(deepEqual(own(key, "a"), {}), false);
    assert.equal(deepEqual(own(key, "a"), own(key, "a")), true);
  });

  Deno.test(`a ConfigMap keeps, changes and loses data named ${key}`, async () => {
    using fixture = start();
    await send(fixture.client, "POST", configMaps, { metadata: { name: "a" }, data: own(key, "x") });
    assert.deepEqual((await fixture.api.get("a")).data, own(key, "x"));
    const contentType = "application/merge-patch+json";
    await send(fixture.client, "PATCH", `${configMaps}/a`, { data: own(key, "y") }, { contentType });
    assert.deepEqual((await fixture.api.get("a")).data, own(key, "y"));
    await send(fixture.client, "PATCH", `${configMaps}/a`, { data: own(key, null) }, { contentType });
    assert.equal((await fixture.api.get("a")).data, undefined);
  });

  Deno.test(`a Secret may be of type ${key}`, async () => {
    using fixture = start();
    const created = await send(fixture.client, "POST", secrets, { metadata: { name: "a" }, type: key });
    assert.partialDeepStrictEqual(created, { type: key });
  });
}

Deno.test("a resourceVersion of a hundred thousand digits is looked at in no time", async () => {
  using fixture = start();
  // What takes time quadratic in its length would take minutes.
  const resourceVersion = `${"1".repeat(100_000)}x`;
  await send(fixture.client, "POST", configMaps, { metadata: { name: "a", resourceVersion } });
  const { message } = await refusal(
    send(fixture.client, "POST", configMaps, { metadata: { name: "b", resourceVersion: "0".repeat(100_000) + "7" } }),
  );
  assert.match(message, /resourceVersion should not be set on objects to be created/);
});

Deno.test("ConfigMaps and Secrets hold a mebibyte and no more", async () => {
  using fixture = start();
  const { client } = fixture;
  const limit = 1_048_576;
  await send(client, "POST", configMaps, { metadata: { name: "a" }, data: { a: "x".repeat(limit - 1), b: "x" } });
  await send(client, "POST", secrets, { metadata: { name: "a" }, data: { a: btoa("x".repeat(limit)) } });
  assert.deepEqual(
    await refusal(
      send(client, "POST", configMaps, { metadata: { name: "b" }, data: { a: "\u00e4".repeat(limit / 2 + 1) } }),
    ),
    {
      code: 422,
      reason: "Invalid",
      message: 'ConfigMap "b" is invalid: []: Too long: may not be more than 1048576 bytes',
    },
  );
  assert.deepEqual(
    await refusal(send(client, "POST", secrets, { metadata: { name: "b" }, data: { a: btoa("x".repeat(limit + 1)) } })),
    {
      code: 422,
      reason: "Invalid",
      message: 'Secret "b" is invalid: data: Too long: may not be more than 1048576 bytes',
    },
  );
});

Deno.test("numbers beyond 64 bits in labels and selectors are no numbers, however long", async () => {
  using fixture = start();
  await fixture.api.create({ metadata: { name: "a", labels: { n: "9223372036854775808" } } });
  await fixture.api.create({ metadata: { name: "b", labels: { n: "9223372036854775807" } } });
  const { items } = await fixture.api.list({ labelSelector: "n>9223372036854775806" });
  assert.deepEqual(items.map(({ metadata }) => metadata.name), ["b"]);
  const long = "9".repeat(1_000_000);
  const { code, message } = await refusal(fixture.api.list({ labelSelector: `n>${long}` }));
  assert.equal(code, 400);
  assert.match(message, /the value must be an integer/);
});

Deno.test("the copies of a JSON patch come to three mebibytes and no more", async () => {
  using fixture = start();
  const text = "x".repeat(1_000);
  await fixture.api.create({ metadata: { name: "a" }, data: { text } });
  const copies = (count: number): JSONValue => [
    { op: "add", path: "/list", value: [text] },
    ...Array.from({ length: count }, () => ({ op: "copy", from: "/list", path: "/list/-" })),
    { op: "remove", path: "/list" },
  ];
  const patch = (count: number): Promise<JSONValue> =>
    send(fixture.client, "PATCH", `${configMaps}/a`, copies(count), { contentType: "application/json-patch+json" });
  assert.partialDeepStrictEqual(await patch(11), { metadata: { name: "a" } });
  // Each doubles the list: without a limit this would take all memory there is.
  const { code, reason } = await refusal(patch(60));
  assert.deepEqual([code, reason], [422, "Invalid"]);
});

Deno.test("JSON may be ten thousand levels deep and no deeper", async () => {
  using fixture = start();
  const create = (levels: number): Promise<JSONValue> => {
    const json = `{"metadata":{"generateName":"a"},"x":${"[".repeat(levels - 1)}${"]".repeat(levels - 1)}}`;
    const bodyRaw = new TextEncoder().encode(json);
    return fixture.client.performRequest({ method: "POST", path: configMaps, bodyRaw, expectJson: true });
  };
  assert.partialDeepStrictEqual(await create(10_000), { kind: "ConfigMap" });
  const { code, message } = await refusal(create(10_001));
  assert.equal(code, 400);
  assert.match(message, /json parse error: invalid character '\[' exceeded max depth/);
  const bodyRaw = new TextEncoder().encode("[".repeat(3_000_000));
  const { message: open } = await refusal(
    fixture.client.performRequest({ method: "POST", path: configMaps, bodyRaw, expectJson: true }),
  );
  assert.match(open, /exceeded max depth/);
});

Deno.test("a strategic merge patch merges lists of thousands of items", async () => {
  using fixture = start();
  const names = (first: number): string[] => Array.from({ length: 3_000 }, (_, index) => `x/y${first + index}`);
  await fixture.api.create({ metadata: { name: "a", finalizers: names(0) } });
  const patch = { metadata: { finalizers: names(2_000) } };
  const { metadata } = await fixture.api.patch("a", { type: "strategic", patch });
  assert.deepEqual(metadata.finalizers, [...names(0), ...names(3_000).slice(0, 2_000)]);
});
