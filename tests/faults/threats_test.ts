import assert from "node:assert/strict";
import { isJsonObject } from "../../lib/k8s/errors.ts";
import { webhookPath } from "../../lib/sharding/names.ts";
import { InMemoryStage } from "../integration/stages/in_memory.ts";
import { jsonOf } from "../integration/stage.ts";
import { World } from "../integration/world.ts";

const shards = ["shard-a", "shard-b"];

async function inWorld(test: (world: World, stage: InMemoryStage) => Promise<void>): Promise<void> {
  await using stage = await InMemoryStage.start();
  await using world = new World(stage, "ring");
  await world.setUp();
  await test(world, stage);
}

Deno.test("an object that somebody labels with another live shard goes back through a drain", () =>
  inWorld(async (world) => {
    await world.startAll(shards, { syncPeriod: "1m" });
    const names = await world.createSecrets(4);
    await world.spread(shards, names);
    const mains = await world.labels(world.secrets);
    const [forged = ""] = names;
    const rightful = world.ownerAmong(shards, forged);
    const wrong = shards.find((shard) => shard !== rightful) ?? "";
    await world.secrets.patch(forged, {
      type: "merge",
      patch: { metadata: { labels: { [world.shardLabel]: wrong } } },
    });
    await world.spread(shards, names, 80_000);
    await world.eventually("all is told", () => mains.of(forged).at(-1)?.shard === rightful);
    const seen = mains.of(forged).map(({ shard, draining }) => `${shard}${draining ? ", draining" : ""}`);
    assert.deepEqual(seen, [rightful, wrong, `${wrong}, draining`, rightful]);
  }));

Deno.test("a drain label that somebody sets has the object let go of and given back, and is gone", () =>
  inWorld(async (world) => {
    await world.startAll(shards);
    const names = await world.createSecrets(4);
    await world.spread(shards, names);
    const patch = { metadata: { labels: { [world.drainLabel]: "please" } } };
    for (const name of names) await world.secrets.patch(name, { type: "merge", patch });
    await world.spread(shards, names, 5_000);
    const mark = world.mark;
    await world.consistently("time passes", () => true, 30_000);
    assert.deepEqual(world.writes(mark), []);
  }));

Deno.test("the webhook tells strangers of rings, scopes and shards, nothing of any object, and changes nothing", () =>
  inWorld(async (world, { server }) => {
    const { sharder } = await world.startAll(shards);
    await world.createSecret("foo", { team: "hunter2" });
    await world.spread(shards, ["foo"]);
    await world.consistently("time passes", () => true, 30_000);
    const told: string[] = [];
    const before = server.revision;
    for (const ring of [world.name, "unknown"]) {
      for (const resource of ["secrets", "configmaps", "pods"]) {
        for (const namespace of [world.name, "kube-system", "nowhere", ""]) {
          for (const operation of ["CREATE", "UPDATE", "DELETE"]) {
            const request = {
              uid: "stranger",
              operation,
              namespace,
              resource: { group: "", version: "v1", resource },
              object: { apiVersion: "v1", kind: "Secret", metadata: { name: "foo", namespace } },
              oldObject: { apiVersion: "v1", kind: "Secret", metadata: { name: "foo", namespace } },
            };
            const review = { apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request };
            const answer = jsonOf(await sharder.review(webhookPath(ring), review));
            assert.ok(isJsonObject(answer) && isJsonObject(answer["response"]));
            const { status, patch } = answer["response"];
            const message = JSON.stringify(status ?? null);
            told.push(typeof patch === "string" ? atob(patch) : message);
          }
        }
      }
    }
    assert.equal(server.revision, before, "a question changed something");
    assert.deepEqual(told.filter((words) => /hunter2|YmFy|team/.test(words)), []);
    const owner = world.ownerAmong(shards, "foo");
    assert.ok(told.some((words) => words.includes(`"value":{"${world.shardLabel}":"${owner}"}`)), told.join("\n"));
    assert.ok(told.some((words) => words.includes("the ring is not known here")));
  }));
