import fc from "fast-check";
import { sequences } from "./arbitraries.ts";
import type { Face } from "./face.ts";
import { MemoryFace } from "./memory_face.ts";
import { type Outcome, runSequence, type Tally } from "./sequence.ts";
import { setUp } from "./set_up.ts";
import type { Step } from "./steps.ts";

/** Runs sequences against one real server, each in a place of its own and with an in-memory server of its own. */
export class Hunt {
  readonly tally: Tally = { requests: 0, events: 0, refusals: 0 };
  readonly #real: Face;
  #count = 0;

  constructor(real: Face) {
    this.#real = real;
  }

  /** How many sequences ran, those of shrinking included. */
  get count(): number {
    return this.#count;
  }

  async run(steps: readonly Step[]): Promise<Outcome> {
    const prefix = `s${String(this.#count++).padStart(6, "0")}`;
    await using memory = new MemoryFace();
    await setUp(memory);
    return await runSequence(steps, prefix, this.#real, memory, this.tally);
  }

  /** The smallest sequence that fails like the one of a seed. */
  async shrink(seed: number, ms: number): Promise<readonly Step[] | undefined> {
    const fails = fc.asyncProperty(sequences, async (steps) => {
      const outcome = await this.run(steps);
      return outcome.result !== "different";
    });
    const details = await fc.check(fails, {
      seed,
      numRuns: 1,
      interruptAfterTimeLimit: ms,
      markInterruptAsFailure: false,
    });
    const found = details.counterexample?.[0];
    return found === undefined ? undefined : await this.#thin(found);
  }

  /** Without the steps that the difference does not need: what comes first in a sequence shrinks badly. */
  async #thin(steps: readonly Step[]): Promise<readonly Step[]> {
    let left = steps;
    for (let index = left.length - 1; index >= 0; index--) {
      const fewer = left.toSpliced(index, 1);
      if ((await this.run(fewer)).result === "different") left = fewer;
    }
    return left;
  }
}

/** The sequence of a seed. */
export function sequenceOf(seed: number): readonly Step[] {
  const [steps = []] = fc.sample(sequences, { seed, numRuns: 1 });
  return steps;
}
