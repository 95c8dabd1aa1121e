import assert from "node:assert/strict";
import type { JSONValue } from "../../../lib/k8s/contract.ts";
import { secrets } from "../../../lib/k8s/kinds/core.ts";
import { drainLabel, isJsonStream, shardLabel, TestCluster } from "./fixture.ts";

const ours = { [shardLabel]: "shard-a" };

Deno.test("a drain is acknowledged only when every cache that work begins from has seen it", async () => {
  using cluster = new TestCluster();
  const calls: string[] = [];
  // Two controllers of the same resource, each with a cache of its own; the watch of the second one lags.
  let watches = 0;
  let held = Promise.resolve();
  cluster.network = (from) => async (request, next) => {
    const answer = await next(request);
    if (from !== "shard-a" || !isJsonStream(answer) || ++watches !== 2) return answer;
    return answer.pipeThrough(
      new TransformStream<JSONValue, JSONValue>({
        transform: async (value, controller) => {
          await held;
          controller.enqueue(value);
        },
      }),
    );
  };
  let requeue = 0;
  const shard = cluster.start("shard-a", (parts) => {
    for (const name of ["first", "second"]) {
      parts.control(parts.cache(secrets), {
        name,
        reconcile: (secret) => {
          calls.push(`${name} ${secret.metadata.name}`);
          return Promise.resolve(name === "second" && requeue > 0 ? { requeueAfter: requeue } : {});
        },
      });
    }
  });
  requeue = 5_000;
  await cluster.clock.advance(1_000);
  await cluster.create("foo", ours);
  await cluster.clock.advance(1_000);
  assert.deepEqual(calls.toSorted(), ["first foo", "second foo"]);

  const { promise, resolve } = Promise.withResolvers<void>();
  held = promise;
  await cluster.label("foo", { [drainLabel]: "true" });
  await cluster.clock.advance(3_000);
  assert.deepEqual(await cluster.labelsOf("foo"), { ...ours, [drainLabel]: "true" }, "the second may still begin");
  await cluster.clock.advance(3_000);
  assert.equal(calls.length, 3, "and it did");

  resolve();
  await cluster.clock.advance(1_000);
  assert.deepEqual(await cluster.labelsOf("foo"), {});
  await cluster.clock.advance(10_000);
  assert.equal(calls.length, 3);
  shard.stop();
  await cluster.clock.advance(30_000);
  assert.equal(await shard.done, "done");
  assert.equal(cluster.clock.pending, 0);
});
