import { InMemoryStage } from "../integration/stages/in_memory.ts";
import { World } from "../integration/world.ts";
import { goBack, takeOver, takeOverFromCertManager, takeOverFromCrashed } from "./migration.ts";

Deno.test("our sharder takes over from the reference's, and no object moves", async () => {
  await using stage = await InMemoryStage.start();
  await using world = new World(stage, "migration-there");
  await takeOver(world);
});

Deno.test("the reference's sharder takes over from ours, by the documented procedure, and no object moves", async () => {
  await using stage = await InMemoryStage.start();
  await using world = new World(stage, "migration-back");
  await goBack(world, "setting");
});

Deno.test("the reference's sharder takes over when ours is gone already", async () => {
  await using stage = await InMemoryStage.start();
  await using world = new World(stage, "migration-back");
  await goBack(world, "command");
});

Deno.test("our sharder takes over from one of the reference that crashed in the middle of its work", async () => {
  await using stage = await InMemoryStage.start();
  await using world = new World(stage, "migration-crash");
  await takeOverFromCrashed(world);
});

Deno.test("our sharder's own certificate takes the place of cert-manager's", async () => {
  await using stage = await InMemoryStage.start();
  await using world = new World(stage, "migration-own");
  await takeOverFromCertManager(world, false);
});

Deno.test("an authority that somebody else has cert-manager inject is left alone, and the ring says so", async () => {
  await using stage = await InMemoryStage.start();
  await using world = new World(stage, "migration-foreign");
  await takeOverFromCertManager(world, true);
});
