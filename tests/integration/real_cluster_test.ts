import { binariesAvailable } from "../controlplane/assets.ts";
import { RealStage } from "./stages/real.ts";
import { show } from "./suite.ts";
import { assignment } from "./suite/assignment.ts";
import { faultTolerance } from "./suite/faults.ts";
import { guarantees } from "./suite/guarantees.ts";
import { leases } from "./suite/leases.ts";
import { moves } from "./suite/moves.ts";
import { rings } from "./suite/rings.ts";

const behaviours = [assignment, moves, rings, leases, guarantees, faultTolerance].flat();

Deno.test("on a real API server", { ignore: !binariesAvailable() }, async (t) => {
  await using stage = await RealStage.start();
  for (const [index, behaviour] of behaviours.entries()) {
    if (behaviour.virtualOnly !== true) await t.step(behaviour.name, () => show(behaviour, stage, index));
  }
});
