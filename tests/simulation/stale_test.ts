import assert from "node:assert/strict";
import { isHunt } from "../support/runs.ts";
import { flagsOf, playCase } from "./cases.ts";
import { withInstall } from "./circumstances.ts";
import { play } from "./run.ts";
import { scenarioNamed, scenarios } from "./scenarios.ts";
import { cachesIn, lags } from "./stale.ts";

/** How many of a scenario's caches and lags are tried: all by `deno task simulate --stale`. */
const tried = isHunt ? 100 : 2;

for (const [index, scenario] of scenarios.entries()) {
  Deno.test(`${scenario.name}: the guarantees hold whatever cache is behind, and all is well when it catches up`, async () => {
    const caches = await cachesIn(scenario);
    const all = caches.flatMap((cache) => lags.map((lag) => ({ ...cache, lag })));
    const stride = all.length / (scenario.isLong === true ? 1 : tried);
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
  for (const { process, stream } of await cachesIn(scenarioNamed("certificate rollover"))) {
    found.add(`${process.replace(/\d/, "n")} ${stream}`);
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
    "sharder-n secrets selected",
    "sharder-n secrets without a live owner",
  ]);
});

Deno.test("no process asks for a list or an object that may be old, so the only old things are those that watches are late with", async () => {
  const asked = new Map<string, number>();
  for (const scenario of ["rolling update", "ring deletion"].map(scenarioNamed)) {
    await play(scenario.history, {
      endings: false,
      circumstances: withInstall(scenario, (stage) =>
        stage.onRequest(({ verb, query }) => {
          if (verb !== "list" && verb !== "get" && verb !== "watch") return;
          const parameters = new URLSearchParams(query);
          const isListed = verb !== "watch" || parameters.has("sendInitialEvents");
          const what = `${isListed ? "list or get" : "watch"} from ${
            parameters.has("resourceVersion") ? "any" : "the latest"
          }`;
          asked.set(what, (asked.get(what) ?? 0) + 1);
        })),
    });
  }
  assert.deepEqual([...asked.keys()].sort(), ["list or get from the latest", "watch from any"]);
});
