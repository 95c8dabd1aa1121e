import assert from "node:assert/strict";
import { NodeWorld, podOf } from "../node_world.ts";

Deno.test("a change that comes while a status is being written is never forgotten", async () => {
  // Containers that start and end at every possible moment of the writes before.
  for (let turns = 0; turns < 30; turns++) {
    await using world = new NodeWorld();
    world.machine.processes.onStart = (process) => {
      void (async () => {
        for (let turn = 0; turn < turns; turn++) await Promise.resolve();
        process.exit(0);
      })();
    };
    await world.start();
    await world.run(podOf({ restartPolicy: "Never" }));
    assert.equal(await world.status(), "Succeeded Completed ready=false restarts=0", `after ${turns} turns`);
  }
});
