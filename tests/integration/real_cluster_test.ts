import { binariesAvailable } from "../controlplane/assets.ts";
import { RealStage } from "./stages/real.ts";
import { show, shownWith } from "./suite.ts";
import { all } from "./suite/all.ts";

Deno.test("on a real API server", { ignore: !binariesAvailable() }, async (t) => {
  await using stage = await RealStage.start();
  for (const { behaviour, number } of shownWith(all, RealStage.abilities)) {
    await t.step(behaviour.name, () => show(behaviour, stage, number));
  }
});
