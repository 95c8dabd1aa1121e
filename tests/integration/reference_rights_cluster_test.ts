import { binariesAvailable } from "../controlplane/assets.ts";
import { RealStage } from "./stages/real.ts";
import { show, shownWith } from "./suite.ts";
import { all } from "./suite/all.ts";
import { degraded } from "./suite/degraded.ts";

/** The real server has to agree in what is forbidden and what is not; all else is shown in memory. */
const shown = new Set([
  "Secrets that are created while the webhook is down are assigned within 2 s",
  "a fourth shard takes over exactly its share, each object through a drain and its acknowledgement",
  ...degraded.map(({ name }) => name),
]);

Deno.test("on a real API server, with the reference's rights", { ignore: !binariesAvailable() }, async (t) => {
  await using stage = await RealStage.start("reference");
  for (const { behaviour, number } of shownWith([...all, ...degraded], RealStage.abilities)) {
    if (shown.has(behaviour.name)) await t.step(behaviour.name, () => show(behaviour, stage, number));
  }
});
