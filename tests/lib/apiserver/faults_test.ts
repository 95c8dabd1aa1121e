import assert from "node:assert/strict";
import { type Fault, faults } from "../../../lib/apiserver/mod.ts";
import { Api } from "../../../lib/k8s/api/api.ts";
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
