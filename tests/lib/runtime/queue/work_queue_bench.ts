/** What a key costs on its way through the work queue: `deno bench -A tests/lib/runtime/queue/work_queue_bench.ts`. */
import { WorkQueue } from "../../../../lib/runtime/queue/mod.ts";
import { systemClock as clock } from "../../../../lib/util/clock/mod.ts";

const keys = Array.from({ length: 10_000 }, (_, index) => `default/secret-${index}`);

Deno.bench("10,000 keys through 5 workers", async () => {
  const queue = new WorkQueue<string>({ name: "bench", clock });
  for (const key of keys) queue.add(key);
  queue.shutDown();
  await Promise.all(Array.from({ length: 5 }, async () => {
    for await (const _key of queue.items());
  }));
});

Deno.bench("10,000 keys that wait already are added again", { group: "waiting" }, (bench) => {
  const queue = new WorkQueue<string>({ name: "bench", clock });
  for (const key of keys) queue.add(key);
  bench.start();
  for (const key of keys) queue.add(key);
  bench.end();
  queue.shutDown();
});

Deno.bench("10,000 keys wait for their time", async () => {
  const queue = new WorkQueue<string>({ name: "bench", clock });
  for (const key of keys) queue.addAfter(key, 1);
  let left = keys.length;
  for await (const _key of queue.items()) if (--left === 0) queue.shutDown();
});
