import assert from "node:assert/strict";
import { secrets } from "../mod.ts";
import { createTestStage, secret } from "../testing.ts";
import { createRing, setUp } from "./lib/testing/secret_keys.ts";

/** All that happens on a stage while shards come and go and requests fail. */
async function history(seed: number): Promise<unknown> {
  await using stage = createTestStage({ seed, logLevel: "debug" });
  stage.startSharder("sharder-a");
  stage.startSharder("sharder-b");
  const ring = await createRing(stage);
  const doomed = ring.startShard("shard-a", { setUp });
  ring.startShard("shard-b", { setUp });
  using _fault = stage.inject({ type: "status", code: 503, retryAfterSeconds: 1 }, { verb: "patch", chance: 0.2 });
  for (let index = 0; index < 10; index++) await stage.api(secrets).create(secret({ name: `secret-${index}` }));
  await ring.untilSettled();
  doomed.kill();
  ring.startShard("shard-c", { setUp });
  await ring.untilSettled();
  const { items } = await stage.api(secrets).list();
  const requests = stage.requests().map(({ number, process, verb, path, query, at, outcome }) =>
    `${number} ${at} ${process} ${verb} ${path}?${query} ${outcome}`
  );
  return { logs: stage.logs, requests, reconciles: ring.reconciles(), items, end: stage.clock.monotonic() };
}

Deno.test("a test that runs twice with the same seed does the same to the last request, another seed something else", async () => {
  const [first, again, other] = [await history(1), await history(1), await history(2)];
  assert.deepEqual(again, first);
  assert.notDeepEqual(other, first);
});
