import { systemNamespace } from "../../lib/sharding/names.ts";
import { describeError } from "../../lib/util/log.ts";
import { binariesAvailable } from "../controlplane/assets.ts";
import { runAsLoadAllows } from "../integration/busy_machine.ts";
import type { Case } from "./behaviours/case.ts";
import { killedLeader, killedShard } from "./behaviours/crashes.ts";
import { manySecrets, oneSecret } from "./behaviours/creation.ts";
import { failure, termination } from "./behaviours/leases.ts";
import { lostRight, rights } from "./behaviours/rights.ts";
import { addition, removal, rollingUpdate } from "./behaviours/scaling.ts";
import { setUp } from "./behaviours/set_up.ts";
import { bounds } from "./support/ring_copy.ts";
import { servers } from "./support/servers.ts";
import { System } from "./support/system.ts";

/** Several at a time, each on a ring of its own. Those that wait for Leases to run out begin first. */
const besideOthers: readonly Case[] = [
  failure,
  killedShard,
  rollingUpdate,
  setUp,
  oneSecret,
  manySecrets,
  addition,
  removal,
  termination,
  rights,
  lostRight,
];

/** All rings need a leader, so its end has no other case beside it. */
const alone: readonly Case[] = [killedLeader];

for (const server of servers) {
  Deno.test(`the behaviours of the reference hold ${server.name}`, { ignore: !binariesAvailable() }, async (t) => {
    await using system = await System.start(server);
    let rings = 0;
    for (const group of [besideOthers, alone]) {
      const runs = group.map((each) => () => runCase(system, each, `e2e-${rings++}`));
      const outcomes = await Promise.race([runAsLoadAllows(runs), system.failed]);
      for (const [index, run] of runs.entries()) {
        const outcome = outcomes[index];
        const step = async (): Promise<void> => {
          if (outcome?.type !== "failed") return;
          // Who gets no time loses its Lease, and that is right so: once more, with nothing else beside it.
          if (!outcome.starved) throw outcome.error;
          await run();
        };
        // The server and its node go on meanwhile: the test around the steps looks for leaks.
        await t.step({ name: group[index]?.name ?? "", fn: step, sanitizeOps: false, sanitizeResources: false });
      }
    }
  });
}

async function runCase(system: System, { run }: Case, name: string): Promise<void> {
  await using ring = await system.copy({ name, replicas: 3 });
  try {
    await ring.expectShards(3, bounds.pods);
    await run(ring, system);
    ring.checkHistory();
  } catch (cause) {
    const logs = [await system.logs(systemNamespace), await system.logs(name)].join("");
    throw new Error(`${describeError(cause)}\n${logs}`, { cause });
  }
}
