import { InMemoryStage } from "../stages/in_memory.ts";
import { type Behaviour, show, shownWith } from "../suite.ts";

/** Registers a test for each behaviour, each with an API server in memory of its own. */
export function showInMemory(behaviours: readonly Behaviour[]): void {
  for (const { behaviour, number } of shownWith(behaviours, InMemoryStage.abilities)) {
    Deno.test(`in memory: ${behaviour.name}`, async () => {
      await using stage = await InMemoryStage.start();
      await show(behaviour, stage, number);
    });
  }
}
