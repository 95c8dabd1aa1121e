import { type Behaviour, show } from "../suite.ts";
import { InMemoryStage } from "../stages/in_memory.ts";

/** Registers a test for each behaviour, each with an API server in memory of its own. */
export function showInMemory(behaviours: readonly Behaviour[]): void {
  for (const [index, behaviour] of behaviours.entries()) {
    if (behaviour.realOnly === true) continue;
    Deno.test(`in memory: ${behaviour.name}`, async () => {
      await using stage = await InMemoryStage.start();
      await show(behaviour, stage, index);
    });
  }
}
