import assert from "node:assert/strict";
import { Doorbell } from "../../../controllers/sharder/watches/doorbell.ts";
import { DrainWatch } from "../../../controllers/sharder/drains/drain_watch.ts";
import { PendingDrains } from "../../../controllers/sharder/drains/pending_drains.ts";
import { readObject } from "../../../controllers/sharder/rights/read_object.ts";
import { WatchSet } from "../../../controllers/sharder/watches/watch_set.ts";
import { isForbidden } from "../../../lib/k8s/errors.ts";
import { drainLabel, shardLabel } from "../../../lib/sharding/names.ts";
import { WatchedServer } from "./watched_server.ts";

const [shard, drain] = [shardLabel("ring"), drainLabel("ring")];
const draining = { [shard]: "shard-a", [drain]: "true" };

function doorbellOn(world: WatchedServer): { readonly told: string[]; readonly doorbell: Doorbell } {
  const told: string[] = [];
  const selection = { target: world.target, namespaces: ["default"], labelSelector: `${shard} notin (shard-a)` };
  const onObject = (_: unknown, { metadata }: { metadata: { name: string } }): Promise<void> => {
    told.push(metadata.name);
    return Promise.resolve();
  };
  return { told, doorbell: new Doorbell(selection, world, { onObject, onOverflow: () => undefined }) };
}

Deno.test("a doorbell that may only list tells of what has no live owner within 5 s", async () => {
  using world = new WatchedServer();
  world.forbidden.add("watch");
  await world.create("old");
  const { told, doorbell } = doorbellOn(world);
  void doorbell.run(world.signal);
  await world.clock.settle();
  await doorbell.complete;
  assert.deepEqual(told, []);
  await world.create("owned", { [shard]: "shard-a" });
  await world.label("old", { [shard]: "shard-a" });
  await world.create("new");
  await world.clock.advance(5_000);
  assert.deepEqual(told, ["new"]);
});

Deno.test("drains are accounted for by lists, and one that began after the question is not over", async () => {
  using world = new WatchedServer();
  world.forbidden.add("watch");
  const pending = new PendingDrains(() => world.clock.monotonic());
  const ended: string[] = [];
  const selection = { target: world.target, namespaces: ["default"], labelSelector: drain };
  const watch = new DrainWatch("ring", selection, world, pending, (key) => ended.push(key));
  await world.create("foo", draining);
  void watch.run(world.signal);
  await world.clock.settle();
  assert.deepEqual(pending.keys(), ["/Secret/default/foo"]);
  // The question is under way when the pass writes a drain: the answer cannot know of it.
  world.fault = { type: "late answer", ms: 2_000 };
  await world.clock.advance(6_000);
  pending.add("/Secret/default/bar", "shard-a");
  await world.create("bar", draining);
  await world.label("foo", { [drain]: null });
  await world.clock.advance(1_000);
  assert.deepEqual(ended, []);
  await world.clock.advance(7_000);
  assert.deepEqual(ended, ["/Secret/default/foo"]);
  assert.deepEqual(pending.keys(), ["/Secret/default/bar"]);
});

Deno.test("nobody waits for watches of what may not even be listed", async () => {
  using world = new WatchedServer();
  world.forbidden.add("watch").add("list");
  const { doorbell } = doorbellOn(world);
  const set = new WatchSet(world.signal);
  const begin = world.clock.monotonic();
  let isOver = false;
  void set.ensure("doorbell", () => doorbell).then(() => isOver = true);
  await world.clock.settle();
  assert.ok(isOver);
  assert.equal(world.clock.monotonic(), begin);
});

Deno.test("an object is read by a list where reading it alone is forbidden", async () => {
  using world = new WatchedServer();
  await world.create("foo", { a: "b" });
  await world.create("foobar");
  world.forbidden.add("get");
  const objects = world.target.objects.inNamespace("default");
  const found = await readObject(objects, "foo", world.signal);
  assert.deepEqual([found?.metadata.name, found?.metadata.labels], ["foo", { a: "b" }]);
  assert.equal(await readObject(objects, "bar", world.signal), undefined);
  world.forbidden.add("list");
  await assert.rejects(readObject(objects, "foo", world.signal), isForbidden);
});
