import assert from "node:assert/strict";
import { isHunt } from "../support/runs.ts";
import { flagsOf, playCase } from "./cases.ts";
import { scenarios } from "./scenarios.ts";
import { cachesIn, lags } from "./stale.ts";

/** How many of a scenario's caches and lags are tried: all by `deno task simulate --stale`. */
const tried = isHunt ? 100 : 3;

for (const [index, scenario] of scenarios.entries()) {
  Deno.test(`${scenario.name}: the guarantees hold whatever cache is behind, and all is well when it catches up`, async () => {
    const caches = await cachesIn(scenario);
    const all = caches.flatMap((cache) => lags.map((lag) => ({ ...cache, lag })));
    const stride = all.length / tried;
    for (let at = (index + 0.5) / scenarios.length * stride; at < all.length; at += stride) {
      const staleness = all[Math.floor(at)];
      if (staleness === undefined) break;
      const each = { type: "stale", scenario: scenario.name, ...staleness } as const;
      const { violations } = await playCase(each);
      assert.deepEqual(violations, [], `play it with: deno task simulate ${flagsOf(each)}`);
    }
  });
}

Deno.test("the caches that are held back are those of every controller of the sharder and of the shards", async () => {
  const found = new Set<string>();
  for (const scenario of scenarios) {
    for (const { process, stream } of await cachesIn(scenario)) found.add(`${process.replace(/\d/, "n")} ${stream}`);
  }
  assert.deepEqual([...found].sort(), [
    "shard-n configmaps of the shard",
    "shard-n secrets of the shard",
    "sharder-n configmaps without a live owner",
    "sharder-n controllerrings",
    "sharder-n leases selected",
    "sharder-n mutatingwebhookconfigurations selected",
    "sharder-n namespaces",
    "sharder-n secrets draining",
    "sharder-n secrets without a live owner",
  ]);
});
