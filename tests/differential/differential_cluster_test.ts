import assert from "node:assert/strict";
import { binariesAvailable } from "../controlplane/assets.ts";
import { Hunt, sequenceOf } from "./hunt.ts";
import { RealFace } from "./real_face.ts";
import { setUp } from "./set_up.ts";

/** How many sequences CI runs, and the seed of the first. `run.ts` runs more of them. */
const [sequences, firstSeed] = [100, 1];

Deno.test({
  name: "the in-memory API server answers generated sequences of requests as the real one does",
  ignore: !binariesAvailable(),
  async fn(): Promise<void> {
    await using real = await RealFace.start();
    await setUp(real);
    const hunt = new Hunt(real);
    let same = 0;
    for (let seed = firstSeed; seed < firstSeed + sequences; seed++) {
      const outcome = await hunt.run(sequenceOf(seed));
      if (outcome.result === "different") {
        const again = `deno run -A tests/differential/run.ts --sequences 1 --seed ${seed}`;
        assert.fail([`seed ${seed} (shrink it with ${again})`, outcome.request, ...outcome.differences].join("\n  "));
      }
      if (outcome.result === "same") same++;
    }
    // What is knowingly different must stay the exception.
    assert(same > sequences / 2, `only ${same} of ${sequences} sequences were compared to their end`);
    assert(hunt.tally.events > 0 && hunt.tally.requests > 5 * sequences, JSON.stringify(hunt.tally));
  },
});
