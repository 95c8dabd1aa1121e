import assert from "node:assert/strict";
import { isHunt } from "../support/runs.ts";
import { at, objectsOf, start, users } from "./histories.ts";
import { play } from "./run.ts";
import type { History, Step } from "./steps.ts";
import { isWrite } from "./traffic.ts";

/**
 * A minute in which everything is written that there is: shards join, leave and die, a namespace leaves the ring and
 * comes back, and so does the ring itself. Whatever has crashed is started again every five seconds.
 */
const eventful: readonly Step[] = [
  ...at(0, ...start("sharder-0", "shard-0", "shard-1", "shard-2")),
  ...at(2_000, ...start("sharder-1")),
  ...at(4_000, ...users("create", objectsOf(4))),
  ...at(8_000, ...start("shard-3")),
  ...at(14_000, { do: "kill", process: "shard-1" }),
  ...at(36_000, { do: "deselect", namespace: "two" }),
  ...at(42_000, { do: "select", namespace: "two" }),
  ...at(46_000, { do: "stop", process: "shard-2" }),
  ...at(50_000, { do: "delete ring" }),
  ...at(65_000, { do: "create ring" }),
];

function crashing(process: string, write: number, committed: boolean): History {
  const again = Array.from({ length: 14 }, (_, index) => at(2_500 + 5_000 * index, ...start(process))).flat();
  const trap = at(0, { do: "trap", process, write, committed, freeze: undefined });
  const steps = [...eventful, ...again, ...trap].sort((a, b) => a.at - b.at);
  return { seed: 1, duration: 75_000, steps };
}

/** How many writes a process sends when nothing crashes. */
async function writesOf(process: string): Promise<number> {
  let writes = 0;
  await play({ seed: 1, duration: 75_000, steps: eventful }, {
    endings: false,
    circumstances: {
      install: (stage) =>
        void stage.onRequest((request) => {
          if (request.process === process && isWrite(request)) writes++;
        }),
    },
  });
  return writes;
}

for (const process of ["sharder-0", "shard-0", "shard-2"]) {
  Deno.test(`the guarantees hold whatever write of ${process} it crashes after`, async () => {
    const writes = await writesOf(process);
    assert.ok(writes > 20, `only ${writes}`);
    // Most writes of a shard renew its Lease, and one is like the other.
    const stride = isHunt ? 1 : process === "sharder-0" ? 4 : 9;
    let [tries, caught] = [0, 0];
    for (const committed of isHunt ? [true, false] : [true]) {
      for (let write = 1; write <= writes; write += stride) {
        const { violations, trace } = await play(crashing(process, write, committed), { endings: isHunt });
        assert.deepEqual(violations, [], `write ${write} of ${writes}, ${committed ? "committed" : "not sent"}`);
        tries++;
        if (trace.some((line) => line.endsWith(`${process} is caught at its write`))) caught++;
      }
    }
    // Some writes are refused, and so are never committed.
    assert.ok(caught > 0.75 * tries, `it crashed in ${caught} of ${tries} runs only`);
  });
}
