import assert from "node:assert/strict";
import { isHunt } from "../support/runs.ts";
import { flagsOf } from "./cases.ts";
import { crashesIn, crashing } from "./crashes.ts";
import { play } from "./run.ts";
import { scenarios } from "./scenarios.ts";

/** How many of a scenario's crashes are tried: others in each scenario, and all by `deno task simulate --crashes`. */
const usual = isHunt ? 100 : 4;

for (const [index, scenario] of scenarios.entries()) {
  Deno.test(`${scenario.name}: the guarantees hold whatever write a process crashes at`, async () => {
    const crashes = await crashesIn(scenario);
    assert.ok(crashes.length > 50, `only ${crashes.length}`);
    const tried = scenario.isLong === true ? usual / 4 : usual;
    const stride = crashes.length / tried;
    let caught = 0;
    for (let at = (index + 0.5) / scenarios.length * stride; at < crashes.length; at += stride) {
      const crash = crashes[Math.floor(at)];
      if (crash === undefined) break;
      const { violations, trace } = await play(crashing(scenario, crash), { endings: false, circumstances: scenario });
      const flags = flagsOf({ type: "crash", scenario: scenario.name, ...crash });
      assert.deepEqual(violations, [], `play it with: deno task simulate ${flags}`);
      if (trace.some((line) => line.endsWith(`${crash.process} is caught at its write`))) caught++;
    }
    // Some writes are refused, and so are never committed.
    assert.ok(caught >= tried / 2, `it crashed in ${caught} of ${tried} runs only`);
  });
}
