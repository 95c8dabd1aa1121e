import assert from "node:assert/strict";
import { runRing } from "../../../commands/ring/mod.ts";
import { isNotFound } from "../../../lib/k8s/errors.ts";
import { mutatingWebhookConfigurations } from "../../../lib/k8s/kinds/admissionregistration.ts";
import { labelledResourcesAnnotation, webhookConfigurationName } from "../../../lib/sharding/names.ts";
import { fakeParts } from "../../commands/common/fake_parts.ts";
import { runRingOn } from "../../integration/ring_run.ts";
import { settled } from "../../integration/stage.ts";
import { InMemoryStage } from "../../integration/stages/in_memory.ts";
import type { SharderProcess } from "../../integration/processes.ts";
import { World } from "../../integration/world.ts";

const shards = ["shard-a", "shard-b"];
const definition = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/controllerrings.sharding.timebertt.dev";

/** A ring with objects that are spread over two shards. */
async function inWorld(run: (world: World, sharder: SharderProcess) => Promise<void>): Promise<void> {
  await using stage = await InMemoryStage.start();
  await using world = new World(stage, "ring");
  await world.setUp();
  const { sharder } = await world.startAll(shards);
  await world.spread(shards, await world.createSecrets(4));
  await world.eventually("the ring has the finalizer", async () => {
    return (await world.rings.get("ring")).metadata.finalizers !== undefined;
  });
  await run(world, sharder);
}

async function request(world: World, method: "GET" | "DELETE", path: string): Promise<unknown> {
  return await world.admin.performRequest({ method, path, expectJson: true });
}

async function isGone(world: World, path: string): Promise<boolean> {
  try {
    await request(world, "GET", path);
    return false;
  } catch (error) {
    if (isNotFound(error)) return true;
    throw error;
  }
}

async function isBare(world: World): Promise<boolean> {
  const labels = [...await world.shardsOf(world.secrets), ...await world.shardsOf(world.configMaps)];
  return labels.every(([, shard]) => shard === undefined);
}

/** Runs `ring release` as a person with all rights. */
async function release(world: World, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runRingOn(world.stage, "release", "ring", ...args);
  assert.equal(code, 0, stderr);
  return stdout;
}

Deno.test("when the definition of rings is deleted first, the sharder releases all rings, and the definition goes", async () => {
  await inWorld(async (world) => {
    await request(world, "DELETE", definition);
    assert.ok(!await isGone(world, definition));
    await world.eventually("the definition is gone", () => isGone(world, definition), 40_000);
    assert.ok(await isBare(world));
  });
});

Deno.test("when the sharder went first, `ring release` lets the ring and its definition go", async () => {
  await inWorld(async (world, sharder) => {
    await sharder.stop();
    await request(world, "DELETE", definition);
    await world.consistently("the ring is kept", async () => !await isGone(world, definition), 60_000);
    assert.match(await release(world), /our finalizer is removed/);
    await world.eventually("the definition is gone", () => isGone(world, definition), 40_000);
    assert.match(await release(world, "--labels", "--resource", "secrets", "--controlled", "configmaps"), /4 removed/);
    assert.ok(await isBare(world));
  });
});

Deno.test("when the sharder's rights went first, it can be given them again, or the ring be released", async () => {
  const binding = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/sharding:sharder";
  await inWorld(async (world) => {
    await request(world, "DELETE", binding);
    await world.rings.delete("ring");
    await world.consistently("the ring is kept", async () => await world.rings.find("ring") !== undefined, 60_000);
    assert.match(await release(world, "--labels"), /our finalizer is removed/);
    assert.equal(await world.rings.find("ring"), undefined);
    assert.ok(await isBare(world));
  });
});

Deno.test("`ring release` keeps the finalizer while live shards have objects, unless it is forced", async () => {
  await using stage = await InMemoryStage.start();
  await using world = new World(stage, "ring");
  await world.setUp();
  const sharder = world.startSharder();
  await world.writeLease("shard-stuck", { duration: 3_600 });
  await world.isReady(1);
  await world.createSecret("foo");
  await world.settle(["shard-stuck"], ["foo"]);
  await sharder.stop();
  await world.rings.delete("ring");
  await assert.rejects(release(world, "--labels", "--timeout", "5s"), { code: "ERR_ASSERTION" });
  assert.ok(await world.rings.find("ring") !== undefined);
  await release(world, "--labels", "--force");
  assert.equal(await world.rings.find("ring"), undefined);
  assert.equal(await world.shardOf(world.secrets, "foo"), undefined);
});

Deno.test("`ring release` also finds what the ring had named before, and does not trip over what is not served", async () => {
  await inWorld(async (world, sharder) => {
    await world.eventually("the record is written", async () => {
      const configuration = await world.api(mutatingWebhookConfigurations).find(webhookConfigurationName("ring"));
      return configuration?.metadata.annotations?.[labelledResourcesAnnotation] !== undefined;
    });
    await sharder.stop();
    const resources = [{ group: "example.com", resource: "never-defined" }];
    await world.rings.patch("ring", { type: "merge", patch: { spec: { resources } } });
    await world.rings.delete("ring");
    assert.match(await release(world, "--labels"), /4 removed, 4 more by the shards/);
    assert.ok(await isBare(world));
    assert.equal(await world.rings.find("ring"), undefined);
  });
});

Deno.test("`ring release` says which right its user misses", async () => {
  await inWorld(async (world, sharder) => {
    await sharder.stop();
    await world.rings.delete("ring");
    const { stage } = world;
    const { parts, output } = fakeParts({
      clock: stage.clock,
      findCluster: () =>
        Promise.resolve({
          description: "the stage",
          namespace: "default",
          open: ({ userAgent }) => stage.connect("sharder", userAgent),
        }),
    });
    // The sharder's own rights, without those on ConfigMaps.
    const role = "/apis/rbac.authorization.k8s.io/v1/clusterroles/sharding:controllerring:checksum-controller";
    const rules = [{ apiGroups: [""], resources: ["secrets"], verbs: ["list", "patch"] }];
    await world.admin.performRequest({
      method: "PATCH",
      path: role,
      contentType: "application/merge-patch+json",
      bodyJson: { rules },
      expectJson: true,
    });
    const running = runRing(["release", "ring", "--labels"], parts, undefined, new AbortController().signal);
    assert.equal(await settled(stage, "ring release ends", running, 90_000), 1);
    assert.match(output.stderr, /you may not list configmaps/);
    assert.ok(await world.rings.find("ring") !== undefined);
  });
});
