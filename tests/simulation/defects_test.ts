import assert from "node:assert/strict";
import type { Defect } from "./defects/defect.ts";
import { defectsOfShards } from "./defects/of_shards.ts";
import { defectsOfTheSharder } from "./defects/of_the_sharder.ts";
import { defectsOfTheWebhook } from "./defects/of_the_webhook.ts";
import { play } from "./run.ts";
import type { Action, History, Step } from "./steps.ts";

const objects = ["one", "two"].flatMap((namespace) =>
  Array.from({ length: 10 }, (_, index) => `${namespace}/o${index}`)
);

/** An ordinary minute and a half: shards come, go and die, users work, and the webhook hangs for a while. */
const ordinary: History = {
  seed: 1,
  duration: 90_000,
  steps: [
    ...steps(0, ["sharder-0", "sharder-1", "shard-0", "shard-1", "shard-2"].map(start)),
    ...steps(5_000, objects.map((object) => ({ do: "create", object }))),
    ...steps(15_000, [start("shard-3")]),
    ...steps(25_000, objects.map((object) => ({ do: "edit", object }))),
    ...steps(32_000, [{ do: "kill", process: "shard-1" }]),
    ...steps(62_000, [{ do: "stop", process: "shard-2" }]),
    ...steps(66_000, objects.slice(0, 4).map((object) => ({ do: "put", object }))),
    ...steps(70_000, [{ do: "webhook", how: "hanging", ms: 5_000 }, { do: "create", object: "one/late" }]),
    ...steps(78_000, [start("shard-4")]),
    ...steps(80_000, objects.map((object) => ({ do: "edit", object }))),
  ],
};

function steps(at: number, actions: readonly Action[]): readonly Step[] {
  return actions.map((action) => ({ at, action }));
}

function start(process: string): Action {
  return { do: "start", process, skew: 0 };
}

Deno.test("the simulation finds nothing wrong with an ordinary history", async () => {
  const { violations } = await play(ordinary);
  assert.deepEqual(violations, []);
});

const defects: readonly Defect[] = [...defectsOfShards, ...defectsOfTheSharder, ...defectsOfTheWebhook];

for (const defect of defects) {
  Deno.test(`the simulation finds out when ${defect.name}`, async () => {
    const { violations } = await play(ordinary, { defect, recovery: 60_000, untilFound: true });
    const found = violations.map(({ guarantee, at, message }) => `${guarantee} at ${Math.round(at)} ms: ${message}`);
    assert.ok(
      violations.some(({ guarantee }) => guarantee === defect.breaks),
      found.slice(0, 5).join("\n") || "nothing",
    );
  });
}
