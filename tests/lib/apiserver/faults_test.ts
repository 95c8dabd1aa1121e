import assert from "node:assert/strict";
import { type Fault, faults } from "../../../lib/apiserver/mod.ts";
import { Api } from "../../../lib/k8s/api/api.ts";
import type { ListOptions } from "../../../lib/k8s/api/options.ts";
import { configMaps } from "../../../lib/k8s/kinds/core.ts";
import type { ConfigMap } from "../../../lib/k8s/types.ts";
import { brief, type Fixture, refusal, start } from "./fixture.ts";

function faulty({ server, clock }: Fixture, choose: () => Fault): Api<ConfigMap> {
  return new Api(server.client({ intercept: faults(clock, choose) }), configMaps, { namespace: "default" });
}

Deno.test("a delay lasts on the clock", async () => {
  using fixture = start();
  const made = faulty(fixture, () => ({ type: "delay", ms: 500 })).create({ metadata: { name: "a" } });
  await fixture.clock.advance(499);
  assert.equal(await fixture.api.find("a"), undefined);
  await fixture.clock.advance(1);
  assert.equal((await made).metadata.name, "a");
});

Deno.test("a status fault refuses without telling the server", async () => {
  using fixture = start();
  const api = faulty(fixture, () => ({ type: "status", code: 429, reason: "TooManyRequests", retryAfterSeconds: 1 }));
  assert.equal((await refusal(api.create({ metadata: { name: "a" } }))).code, 429);
  assert.equal(await fixture.api.find("a"), undefined);
});

Deno.test("a refused connection does nothing, a lost answer hides what was done", async () => {
  using fixture = start();
  await assert.rejects(faulty(fixture, () => ({ type: "refused" })).create({ metadata: { name: "a" } }), /refused/);
  await assert.rejects(faulty(fixture, () => ({ type: "lost answer" })).create({ metadata: { name: "b" } }), /reset/);
  assert.deepEqual((await fixture.api.list()).items.map(({ metadata }) => metadata.name), ["b"]);
});

Deno.test("a late answer is late, while the server has done what was asked at once", async () => {
  using fixture = start();
  const created = faulty(fixture, () => ({ type: "late answer", ms: 500 })).create({ metadata: { name: "a" } });
  await fixture.clock.settle();
  assert.notEqual(await fixture.api.find("a"), undefined);
  assert.equal(fixture.clock.next, 500);
  await fixture.clock.advance(500);
  assert.equal((await created).metadata.name, "a");
});

Deno.test("a stream is cut after some events, with or without an error", async () => {
  using fixture = start();
  for (const name of ["a", "b", "c"]) await fixture.api.create({ metadata: { name } });
  const ended = faulty(fixture, () => ({ type: "cut stream", after: 2, how: "end" }));
  assert.deepEqual((await Array.fromAsync(await ended.watch())).map(brief), ["ADDED a", "ADDED b"]);
  const broken = faulty(fixture, () => ({ type: "cut stream", after: 2, how: "error" }));
  await assert.rejects(async () => await Array.fromAsync(await broken.watch()), /the stream broke/);
});

Deno.test("a stalled stream says nothing more until its reader gives up", async () => {
  using fixture = start();
  for (const name of ["a", "b"]) await fixture.api.create({ metadata: { name } });
  const abort = new AbortController();
  const api = faulty(fixture, () => ({ type: "stalled stream", after: 1 }));
  const seen: string[] = [];
  const reading = (async () => {
    for await (const event of await api.watch({ signal: abort.signal })) seen.push(brief(event));
  })();
  await fixture.clock.advance(300_000);
  assert.deepEqual(seen, ["ADDED a"]);
  abort.abort(new Error("enough"));
  await assert.rejects(reading, /enough/);
  assert.equal(fixture.clock.pending, 0);
});

Deno.test("a status fault has the usual reason for its code when it names none", async () => {
  using fixture = start();
  const { reason, message } = await refusal(faulty(fixture, () => ({ type: "status", code: 503 })).get("a"));
  assert.deepEqual([reason, message], ["ServiceUnavailable", "an injected fault"]);
});

Deno.test("a request times out, whether it reached the server or not", async () => {
  using fixture = start();
  for (const reached of [true, false]) {
    const api = faulty(fixture, () => ({ type: "timeout", ms: 30_000, reached }));
    const refused = assert.rejects(
      api.create({ metadata: { name: `reached-${reached}` } }),
      /no answer within 30000 ms/,
    );
    await fixture.clock.advance(30_000);
    await refused;
  }
  assert.deepEqual((await fixture.api.list()).items.map(({ metadata }) => metadata.name), ["reached-true"]);
});

Deno.test("a slow stream lags, but keeps its pace", async () => {
  using fixture = start();
  for (const name of ["a", "b", "c"]) await fixture.api.create({ metadata: { name } });
  const abort = new AbortController();
  const seen: string[] = [];
  const reading = (async () => {
    const api = faulty(fixture, () => ({ type: "slow stream", ms: 1_000 }));
    for await (const event of await api.watch({ signal: abort.signal })) seen.push(brief(event));
  })();
  await fixture.clock.advance(999);
  assert.deepEqual(seen, []);
  await fixture.clock.advance(1);
  assert.deepEqual(seen, ["ADDED a", "ADDED b", "ADDED c"]);
  await fixture.api.delete("b");
  await fixture.clock.advance(1_001);
  assert.equal(seen.at(-1), "DELETED b");
  await fixture.api.delete("c");
  abort.abort(new Error("enough"));
  await assert.rejects(reading, /enough/);
  assert.equal(fixture.clock.pending, 0);
});

Deno.test("stale reads answer what allows it from an older revision, and nothing else", async () => {
  using fixture = start();
  const { api, server } = fixture;
  await api.create({ metadata: { name: "a" }, data: { value: "old" } });
  await api.create({ metadata: { name: "b" } });
  const { revision } = server;
  const later = await api.patch("a", { type: "merge", patch: { data: { value: "new" } } });
  await api.create({ metadata: { name: "c" } });
  await api.delete("b");
  const stale = faulty(fixture, () => ({ type: "stale read", revision }));
  const names = async (options: ListOptions): Promise<string[]> =>
    (await stale.list(options)).items.map(({ metadata }) => metadata.name);

  assert.deepEqual((await stale.get("a", { resourceVersion: "0" })).data, { value: "old" });
  assert.equal((await stale.asMetadata().get("b", { resourceVersion: "0" })).kind, "ConfigMap");
  assert.equal(await stale.find("c", { resourceVersion: "0" }), undefined);
  assert.deepEqual(await names({ resourceVersion: "0" }), ["a", "b"]);
  assert.equal((await stale.list({ resourceVersion: "0" })).resourceVersion, String(revision));

  assert.deepEqual((await stale.get("a")).data, { value: "new" }, "a consistent get");
  assert.deepEqual(await names({}), ["a", "c"], "a consistent list");
  const { resourceVersion = "" } = later.metadata;
  assert.deepEqual((await stale.get("a", { resourceVersion })).data, { value: "new" }, "a get not older than");
  assert.deepEqual(await names({ resourceVersion, resourceVersionMatch: "NotOlderThan" }), ["a", "c"]);
  assert.deepEqual(await names({ resourceVersion, resourceVersionMatch: "Exact" }), ["a", "b"]);

  server.compact();
  assert.deepEqual(await names({ resourceVersion: "0" }), ["a", "c"], "no history reaches back that far");
});
