import { binariesAvailable } from "../controlplane/assets.ts";
import { behaviours } from "./behaviours.ts";
import { RealStage } from "./stages/real.ts";
import { show } from "./suite.ts";

Deno.test("on a real API server", { ignore: !binariesAvailable() }, async (t) => {
  await using stage = await RealStage.start();
  for (const [index, behaviour] of behaviours.entries()) {
    if (behaviour.virtualOnly !== true) await t.step(behaviour.name, () => show(behaviour, stage, index));
  }
});
