import assert from "node:assert/strict";
import { runs } from "../support/runs.ts";
import { races } from "./races.ts";
import { play } from "./run.ts";

for (const race of races) {
  Deno.test(`the guarantees hold when ${race.name}`, async () => {
    for (let seed = 1; seed <= runs(1); seed++) {
      const { violations } = await play({ ...race.history, seed }, { circumstances: race });
      const found = violations.map(({ guarantee, at, message }) => `${guarantee} at ${Math.round(at)} ms: ${message}`);
      assert.deepEqual(found, [], `seed ${seed}`);
    }
  });
}
