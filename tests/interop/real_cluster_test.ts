import { binariesAvailable } from "../controlplane/assets.ts";
import { RealStage } from "../integration/stages/real.ts";
import { World } from "../integration/world.ts";
import { replaceManifests } from "./manifests.ts";
import { goBack, takeOver } from "./migration.ts";
import { goMembersAvailable, showGoMembers } from "./support/go_members.ts";

Deno.test("other shards and the other sharder, on a real API server", { ignore: !binariesAvailable() }, async (t) => {
  await using stage = await RealStage.start();
  await t.step("our sharder takes over from the reference's, and no object moves", async () => {
    await using world = new World(stage, "migration-there");
    await takeOver(world);
  });
  await t.step("the reference's sharder takes over from ours, and no object moves", async () => {
    await using world = new World(stage, "migration-back");
    await goBack(world, "command");
  });
  if (goMembersAvailable()) await showGoMembers(t, stage, true);
  await t.step("manifests are applied over the reference's, and its over ours", async () => {
    await replaceManifests(stage.kubeconfig("admin"));
  });
});
