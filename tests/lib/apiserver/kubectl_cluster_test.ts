import assert from "node:assert/strict";
import { join } from "node:path";
import { serveApi } from "../../../lib/apiserver/http/mod.ts";
import { ApiServer } from "../../../lib/apiserver/mod.ts";
import { systemClock } from "../../../lib/util/clock/mod.ts";
import { systemRandom } from "../../../lib/util/random.ts";
import { binariesAvailable } from "../../controlplane/assets.ts";
import { startControlPlane } from "../../controlplane/control_plane.ts";
import { eventually } from "../../controlplane/processes.ts";
import { accessSteps } from "./kubectl_access_steps.ts";
import { normalize, runStep, steps } from "./kubectl_steps.ts";
import { workloadSteps } from "./kubectl_workload_steps.ts";

Deno.test("kubectl prints of the in-memory API server what it prints of the real one", {
  ignore: !binariesAvailable(),
}, async (t) => {
  await using controlPlane = await startControlPlane({ controllerManager: false });
  using server = new ApiServer({ clock: systemClock, random: systemRandom });
  await using listener = await serveApi(server, {
    users: [{ username: "admin", uid: "0", groups: ["system:masters"], token: "t" }],
  });
  const { folder, binaries } = controlPlane;
  const config = join(folder, "in-memory.kubeconfig");
  await Deno.writeTextFile(config, listener.kubeconfig());
  for (const step of [...steps, ...workloadSteps, ...accessSteps]) {
    await t.step(`kubectl ${step.args.slice(0, 3).join(" ")}`, async () => {
      if (step.eventually) {
        for (const [server, path] of [["ours", config], ["the real one", controlPlane.kubeconfig]] as const) {
          const cache = join(folder, server === "ours" ? "in-memory-cache" : "cache");
          await eventually(
            `${server} prints ${step.prints}`,
            async () => step.prints.test((await runStep(binaries.kubectl, path, cache, step)).output),
          );
        }
      }
      const ours = await runStep(binaries.kubectl, config, join(folder, "in-memory-cache"), step);
      const real = await runStep(binaries.kubectl, controlPlane.kubeconfig, join(folder, "cache"), step);
      assert.equal(normalize(ours.output), normalize(real.output));
      assert.equal(ours.code, real.code);
      assert.match(ours.output, step.prints);
      assert.equal(ours.code, step.code ?? 0, ours.output);
    });
  }
});
