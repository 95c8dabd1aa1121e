import { describeError } from "../../../lib/util/log.ts";
import { binariesAvailable } from "../../controlplane/assets.ts";
import type { HttpStage } from "../../integration/stages/http.ts";
import type { RealStage } from "../../integration/stages/real.ts";
import { World } from "../../integration/world.ts";
import { Membership } from "../membership.ts";
import { goShardAvailable } from "./go_shard.ts";
import { GoShards } from "./go_shards.ts";

/** Can shards in Go be built and tested on this machine? The same toolchain builds the control plane. */
export function goMembersAvailable(): boolean {
  return binariesAvailable() && goShardAvailable();
}

/** Shows {@link Membership} on a stage, as steps of a test. */
export async function showGoMembers(
  t: Deno.TestContext,
  stage: RealStage | HttpStage,
  withFaults: boolean,
): Promise<void> {
  await using world = new World(stage, "interop");
  await using shards = await GoShards.prepare(world.name, stage.kubeconfig("shard"));
  const step = async (name: string, body: () => Promise<void>): Promise<void> => {
    const fn = async (): Promise<void> => {
      try {
        await body();
      } catch (cause) {
        throw new Error(`${describeError(cause)}\n${shards.report}`, { cause });
      }
    };
    // What goes on beside a step belongs to the test around it, which looks for leaks.
    if (!await t.step({ name, fn, sanitizeOps: false, sanitizeResources: false })) throw new Error(`failed: ${name}`);
  };
  const figure = (text: string): void => {
    Deno.stdout.writeSync(new TextEncoder().encode(`  figure: ${text}\n`));
  };
  await Membership.show({ world, shards, withFaults, step, figure });
}
