import assert from "node:assert/strict";
import { InMemoryStage } from "../stages/in_memory.ts";
import { show, shownWith } from "../suite.ts";
import { all } from "../suite/all.ts";
import { degraded } from "../suite/degraded.ts";
import { needMoreRights } from "../suite/rights.ts";

Deno.test("behaviours that need more than the reference's rights are such of the suite", () => {
  const names = new Set(all.map(({ name }) => name));
  for (const name of needMoreRights.keys()) assert.ok(names.has(name), name);
});

for (const { behaviour, number } of shownWith([...all, ...degraded], InMemoryStage.abilities)) {
  if (needMoreRights.has(behaviour.name)) continue;
  Deno.test(`in memory, with the reference's rights: ${behaviour.name}`, async () => {
    await using stage = await InMemoryStage.start("reference");
    await show(behaviour, stage, number);
  });
}
