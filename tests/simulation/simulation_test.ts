import assert from "node:assert/strict";
import { isHunt, runs } from "../support/runs.ts";
import { generate } from "./generate.ts";
import { play } from "./run.ts";
import { describe } from "./steps.ts";

const minutes = isHunt ? 20 : 5;

for (let seed = 1; seed <= runs(20); seed++) {
  Deno.test(`the guarantees hold in the history of seed ${seed}`, async () => {
    const { violations } = await play(generate(seed, minutes * 60_000));
    const found = violations.map(({ guarantee, at, message }) => `${guarantee} at ${Math.round(at)} ms: ${message}`);
    assert.deepEqual(found, [], `play it with: deno task simulate --seed ${seed} --minutes ${minutes}`);
  });
}

Deno.test("the same seed gives the same history, to the letter", async () => {
  const [first, second] = [await play(generate(7, 120_000)), await play(generate(7, 120_000))];
  assert.deepEqual(second.trace, first.trace);
  assert.equal(second.digest, first.digest);
  assert.equal(second.requests, first.requests);
  assert.notEqual((await play(generate(8, 120_000))).digest, first.digest);
});

Deno.test("histories have everything in them that there is", () => {
  const kinds = new Set<string>();
  for (let seed = 1; seed <= 20; seed++) {
    for (const { action } of generate(seed, 600_000).steps) kinds.add(describe(action).split(/ \w+=/)[0] ?? "");
  }
  assert.deepEqual([...kinds].sort(), [
    "compact",
    "create",
    "create ring",
    "cut",
    "delete",
    "delete lease",
    "delete ring",
    "deselect",
    "edit",
    "fault",
    "freeze",
    "jump",
    "kill",
    "outage",
    "pause ring",
    "put",
    "relabel",
    "resume ring",
    "select",
    "start",
    "stop",
    "trap",
    "webhook",
  ]);
});
