import { InMemoryStage } from "../stages/in_memory.ts";
import { show, shownWith } from "../suite.ts";
import { all } from "../suite/all.ts";
import { degraded } from "../suite/degraded.ts";
import { needMoreRights } from "../suite/rights.ts";

/** Registers a test for each behaviour of one of so many parts, in which the sharder has the reference's rights. */
export function showWithReferenceRights(part: number, parts: number): void {
  for (const { behaviour, number } of shownWith([...all, ...degraded], InMemoryStage.abilities)) {
    if (needMoreRights.has(behaviour.name) || number % parts !== part) continue;
    Deno.test(`in memory, with the reference's rights: ${behaviour.name}`, async () => {
      await using stage = await InMemoryStage.start("reference");
      await show(behaviour, stage, number);
    });
  }
}
