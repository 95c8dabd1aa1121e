import assert from "node:assert/strict";
import { playChaos } from "./play.ts";
import { chaosTable } from "./support/chaos_report.ts";

const isLinux = Deno.build.os === "linux";

Deno.test({
  name: "the guarantees hold in a short chaos of real processes",
  ignore: !isLinux,
  fn: async () => {
    const folder = await Deno.makeTempDir({ prefix: "chaos-" });
    const print = (): void => {};
    const report = await playChaos({ minutes: 0.8, seed: 5, shards: 4, folder, print });
    assert.deepEqual(report.violations, [], `${chaosTable(report)}\nlogs in ${folder}`);
    assert.ok(report.events >= 2, `${report.events} events`);
    assert.ok(report.writes > 0 && report.requests > 0);
    await Deno.remove(folder, { recursive: true });
  },
});
