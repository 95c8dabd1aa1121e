import assert from "node:assert/strict";
import { defects } from "./defects/all.ts";
import { at, objectsOf, start, users } from "./histories.ts";
import { play } from "./run.ts";
import type { History } from "./steps.ts";

const objects = objectsOf(10);

/** An ordinary minute and a half: shards come, go and die, users work, and the webhook hangs for a while. */
const ordinary: History = {
  seed: 1,
  duration: 90_000,
  steps: [
    ...at(0, ...start("sharder-0", "sharder-1", "shard-0", "shard-1", "shard-2")),
    ...at(5_000, ...users("create", objects)),
    ...at(15_000, ...start("shard-3")),
    ...at(25_000, ...users("edit", objects)),
    ...at(32_000, { do: "kill", process: "shard-1" }),
    ...at(62_000, { do: "stop", process: "shard-2" }),
    ...at(66_000, ...users("put", objects.slice(0, 4))),
    ...at(70_000, { do: "webhook", how: "hanging", ms: 5_000 }, { do: "create", object: "one/late" }),
    ...at(78_000, ...start("shard-4")),
    ...at(80_000, ...users("edit", objects)),
  ],
};

Deno.test("the simulation finds nothing wrong with an ordinary history", async () => {
  const { violations } = await play(ordinary);
  assert.deepEqual(violations, []);
});

for (const defect of defects) {
  Deno.test(`the simulation finds out when ${defect.name}`, async () => {
    const { violations } = await play(ordinary, { circumstances: defect, recovery: 60_000, untilFound: true });
    const found = violations.map(({ guarantee, at, message }) => `${guarantee} at ${Math.round(at)} ms: ${message}`);
    assert.ok(
      violations.some(({ guarantee }) => guarantee === defect.breaks),
      found.slice(0, 5).join("\n") || "nothing",
    );
  });
}
