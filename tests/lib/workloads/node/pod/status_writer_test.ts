import assert from "node:assert/strict";
import { NodeWorld, podOf } from "../node_world.ts";

Deno.test("a change that comes while a status is being written is never forgotten", async () => {
  await using world = new NodeWorld();
  // Containers that end at every possible moment of the writes before.
  world.machine.processes.onStart = (process) => {
    void (async () => {
      for (let turn = 0; turn < Number(process.spec.env["TURNS"]); turn++) await Promise.resolve();
      process.exit(0);
    })();
  };
  await world.start();
  for (let turns = 0; turns < 40; turns++) {
    const pod = podOf({ restartPolicy: "Never" }, { env: [{ name: "TURNS", value: String(turns) }] });
    await world.run({ ...pod, metadata: { ...pod.metadata, name: `after-${turns}` } });
    assert.equal(await world.status(`after-${turns}`), "Succeeded Completed ready=false restarts=0", `${turns} turns`);
  }
});
