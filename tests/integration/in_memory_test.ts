import { show } from "./suite.ts";
import { behaviours } from "./behaviours.ts";
import { InMemoryStage } from "./stages/in_memory.ts";

for (const [index, behaviour] of behaviours.entries()) {
  Deno.test(`in memory: ${behaviour.name}`, async () => {
    await using stage = await InMemoryStage.start();
    await show(behaviour, stage, index);
  });
}
