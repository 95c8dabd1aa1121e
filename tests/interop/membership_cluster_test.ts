import { describeError } from "../../lib/util/log.ts";
import { binariesAvailable } from "../controlplane/assets.ts";
import { HttpStage, issueWebhookCertificate } from "../integration/stages/http.ts";
import { LogsByTest } from "../integration/stages/captured_logs.ts";
import { RealStage } from "../integration/stages/real.ts";
import { World } from "../integration/world.ts";
import { systemClock } from "../../lib/util/clock/mod.ts";
import { Membership } from "./membership.ts";
import { goShardAvailable } from "./support/go_shard.ts";
import { GoShards } from "./support/go_shards.ts";

const ignore = !binariesAvailable() || !goShardAvailable();

Deno.test("shards in Go are members of a ring on a real API server", { ignore }, async (t) => {
  await using stage = await RealStage.start();
  await showMembership(t, stage, true);
});

// Go's client gets along with that server; what hurts shards is between them and the sharder, and shown above.
Deno.test("shards in Go are members of a ring on the API server in memory", { ignore }, async (t) => {
  const logs = new LogsByTest();
  await logs.capture(systemClock);
  await logs.run(async (lines) => {
    await using stage = await HttpStage.start(await issueWebhookCertificate(), lines);
    await showMembership(t, stage, false);
  });
});

async function showMembership(t: Deno.TestContext, stage: RealStage | HttpStage, withFaults: boolean): Promise<void> {
  await using world = new World(stage, "interop");
  await using shards = await GoShards.prepare(world.name, stage.kubeconfig("shard"));
  const step = async (name: string, body: () => Promise<void>): Promise<void> => {
    // What goes on beside a step belongs to the test around it, which looks for leaks.
    const fn = async (): Promise<void> => {
      try {
        await body();
      } catch (cause) {
        throw new Error(`${describeError(cause)}\n${shards.report}`, { cause });
      }
    };
    if (!await t.step({ name, fn, sanitizeOps: false, sanitizeResources: false })) throw new Error(`failed: ${name}`);
  };
  const figure = (text: string): void => {
    Deno.stdout.writeSync(new TextEncoder().encode(`  figure: ${text}\n`));
  };
  await Membership.show({ world, shards, withFaults, step, figure });
}
