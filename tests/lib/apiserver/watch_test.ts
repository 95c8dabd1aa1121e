import assert from "node:assert/strict";
import { Api } from "../../../lib/k8s/api/api.ts";
import { configMaps } from "../../../lib/k8s/kinds/core.ts";
import type { JSONValue } from "../../../lib/k8s/contract.ts";
import { ApiError } from "../../../lib/k8s/errors.ts";
import { brief, type Fixture, refusal, start, take } from "./fixture.ts";

async function history(fixture: Fixture): Promise<string> {
  const { resourceVersion } = await fixture.api.list();
  await fixture.api.create({ metadata: { name: "a", labels: { on: "1" } }, data: { k: "v" } });
  await fixture.api.patch("a", { type: "merge", patch: { metadata: { labels: { on: "2" } } } });
  await fixture.api.patch("a", { type: "merge", patch: { metadata: { labels: { on: "1" } } } });
  await fixture.api.patch("a", { type: "merge", patch: { data: { k: "w" } } });
  await fixture.api.delete("a");
  return resourceVersion;
}

Deno.test("watch() from a resourceVersion sends what came after it", async () => {
  using fixture = start();
  const resourceVersion = await history(fixture);
  const events = await take(await fixture.api.watch({ resourceVersion }), 5);
  assert.deepEqual(events.map(brief), ["ADDED a", "MODIFIED a", "MODIFIED a", "MODIFIED a", "DELETED a"]);
});

Deno.test("watch() with a selector adds what comes into it and deletes what leaves, showing the old state", async () => {
  using fixture = start();
  const resourceVersion = await history(fixture);
  const events = await take(await fixture.api.watch({ resourceVersion, labelSelector: "on=1" }), 5);
  assert.deepEqual(events.map(brief), ["ADDED a", "DELETED a", "ADDED a", "MODIFIED a", "DELETED a"]);
  const left = events[1];
  assert(left?.type === "DELETED");
  assert.equal(left.object.metadata.labels?.["on"], "1");
  assert.equal(left.object.metadata.resourceVersion, String(Number(resourceVersion) + 2));
});

Deno.test("watch() of metadata has no data", async () => {
  using fixture = start();
  const resourceVersion = await history(fixture);
  for (const event of await take(await fixture.api.asMetadata().watch({ resourceVersion }), 5)) {
    assert(event.type !== "BOOKMARK");
    assert.equal("data" in event.object, false);
  }
});

Deno.test("watch() without resourceVersion sends the present objects first", async () => {
  using fixture = start();
  await fixture.api.create({ metadata: { name: "b" } });
  await fixture.api.create({ metadata: { name: "a" } });
  for (const options of [{}, { resourceVersion: "0" }]) {
    const events = await fixture.api.watch(options);
    await fixture.api.patch("a", { type: "merge", patch: { data: { n: JSON.stringify(options) } } });
    assert.deepEqual((await take(events, 3)).map(brief), ["ADDED a", "ADDED b", "MODIFIED a"]);
  }
});

Deno.test("watch() that sends initial events ends them with a bookmark", async () => {
  using fixture = start();
  await fixture.api.create({ metadata: { name: "a" } });
  const events = await fixture.api.watch({ sendInitialEvents: true });
  const { revision } = fixture.server;
  await fixture.api.create({ metadata: { name: "b" } });
  const seen = await take(events, 3);
  assert.deepEqual(seen.map(brief), ["ADDED a", "BOOKMARK true", "ADDED b"]);
  assert.deepEqual(seen[1], { type: "BOOKMARK", resourceVersion: String(revision), initialEventsEnd: true });
});

Deno.test("watch() gets a bookmark every minute, with the newest version of the whole server", async () => {
  using fixture = start();
  const events = await fixture.api.watch({ resourceVersion: String(fixture.server.revision) });
  await new Api(fixture.client, configMaps, { namespace: "kube-system" }).create({ metadata: { name: "other" } });
  const seen = take(events, 1);
  await fixture.clock.advance(60_000);
  const revision = String(fixture.server.revision);
  assert.deepEqual(await seen, [{ type: "BOOKMARK", resourceVersion: revision, initialEventsEnd: false }]);
});

Deno.test("watch() ends after its timeout, with a bookmark shortly before", async () => {
  using fixture = start();
  const events = await fixture.api.watch({ resourceVersion: String(fixture.server.revision), timeoutSeconds: 10 });
  const seen = Array.fromAsync(events);
  await fixture.clock.advance(8_000);
  await fixture.clock.advance(2_000);
  assert.deepEqual((await seen).map(brief), ["BOOKMARK false"]);
});

Deno.test("watch() without a timeout ends within an hour", async () => {
  using fixture = start();
  const ended = Array.fromAsync(await fixture.api.watch({ allowBookmarks: false }));
  await fixture.clock.advance(3_600_000);
  assert.deepEqual(await ended, []);
});

Deno.test("watch() from a forgotten version gets 410 in the stream", async () => {
  using fixture = start();
  const resourceVersion = await history(fixture);
  fixture.server.compact();
  await assert.rejects(take(await fixture.api.watch({ resourceVersion }), 1), (error) => {
    assert(error instanceof ApiError);
    assert.deepEqual([error.status.code, error.status.reason], [410, "Expired"]);
    assert.match(error.status.message, /^too old resource version: \d+ \(\d+\)$/);
    return true;
  });
});

Deno.test("the history is bounded by its limit", async () => {
  using fixture = start({ historyLimit: 10 });
  const resourceVersion = await history(fixture);
  for (let i = 0; i < 60; i++) await fixture.api.create({ metadata: { name: `n${i}` } });
  await assert.rejects(take(await fixture.api.watch({ resourceVersion }), 1), /too old resource version/);
});

Deno.test("watch() from a future version waits for it", async () => {
  using fixture = start();
  const ahead = String(fixture.server.revision + 1);
  const events = await fixture.api.watch({ resourceVersion: ahead });
  await fixture.api.create({ metadata: { name: "a" } });
  await fixture.api.create({ metadata: { name: "b" } });
  assert.deepEqual((await take(events, 1)).map(brief), ["ADDED b"]);
});

Deno.test("a slow reader is cut", async () => {
  using fixture = start({ watchBuffer: 8 });
  const events = await fixture.api.watch({ resourceVersion: String(fixture.server.revision) });
  for (let i = 0; i < 20; i++) await fixture.api.create({ metadata: { name: `n${i}` } });
  assert((await Array.fromAsync(events)).length <= 8);
});

Deno.test("a watch that does not read what is none of its business is not cut", async () => {
  using fixture = start({ watchBuffer: 8 });
  const resourceVersion = String(fixture.server.revision);
  const seen = take(await fixture.api.watch({ resourceVersion, labelSelector: "mine" }), 1);
  await fixture.clock.settle();
  for (let i = 0; i < 50; i++) await fixture.api.create({ metadata: { name: `n${i}` } });
  await fixture.api.create({ metadata: { name: "mine", labels: { mine: "" } } });
  assert.deepEqual((await seen).map(brief), ["ADDED mine"]);
});

Deno.test("an aborted watch throws the reason and leaves nothing behind", async () => {
  using fixture = start();
  const abort = new AbortController();
  const seen = take(await fixture.api.watch({ signal: abort.signal }), 1);
  await fixture.clock.settle();
  abort.abort(new Error("enough"));
  await assert.rejects(seen, /enough/);
  assert.equal(fixture.clock.pending, 0);
});

Deno.test("a closed server ends all watches", async () => {
  using fixture = start();
  const seen = Array.fromAsync(await fixture.api.watch());
  await fixture.clock.settle();
  fixture.server.close();
  assert.deepEqual(await seen, []);
  assert.equal(fixture.clock.pending, 0);
});

Deno.test("each watcher gets objects of its own", async () => {
  using fixture = start();
  const resourceVersion = await history(fixture);
  const [first, second] = await Promise.all(
    [1, 2].map(async () => await take(await fixture.api.watch({ resourceVersion }), 1)),
  );
  assert.deepEqual(first, second);
  assert.notEqual(first?.[0], second?.[0]);
});

const refused: readonly (readonly [string, number, RegExp])[] = [
  ["sendInitialEvents=true", 422, /sendInitialEvents requires setting resourceVersionMatch to NotOlderThan/],
  ["resourceVersionMatch=NotOlderThan&resourceVersion=3", 422, /forbidden for watch unless sendInitialEvents/],
  ["continue=abc", 422, /forbidden when continue is provided/],
  ["resourceVersion=abc", 500, /invalid syntax/],
];

for (const [query, code, message] of refused) {
  Deno.test(`watch() with ${query} gets ${code}`, async () => {
    using fixture = start();
    const status = await refusal(open(fixture, `watch=true&${query}`));
    assert.equal(status.code, code);
    assert.match(status.message, message);
  });
}

Deno.test("a streaming list that asks for a future version gets 504 in the stream", async () => {
  using fixture = start();
  const query = "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=99999";
  const [event] = await Array.fromAsync(await open(fixture, query));
  assert.match(JSON.stringify(event), /"ERROR".*Too large resource version.*"code":504/);
});

function open({ client }: Fixture, query: string): Promise<ReadableStream<JSONValue>> {
  return client.performRequest({
    method: "GET",
    path: "/api/v1/namespaces/default/configmaps",
    querystring: new URLSearchParams(query),
    expectStream: true,
    expectJson: true,
  });
}
