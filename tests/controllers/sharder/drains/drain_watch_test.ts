import assert from "node:assert/strict";
import { DrainWatch } from "../../../../controllers/sharder/drains/drain_watch.ts";
import { PendingDrains } from "../../../../controllers/sharder/drains/pending_drains.ts";
import { drainLabel, shardLabel } from "../../../../lib/sharding/names.ts";
import { WatchedServer } from "../watched_server.ts";

const [shard, drain] = [shardLabel("ring"), drainLabel("ring")];
const draining = { [shard]: "shard-a", [drain]: "true" };
const acknowledged = { [shard]: null, [drain]: null };

/** A watch of all drains of Secrets. */
function watchDrains(world: WatchedServer, namespaces: readonly (string | undefined)[] = ["default"]): {
  readonly pending: PendingDrains;
  readonly ended: string[];
  readonly watch: DrainWatch;
} {
  const pending = new PendingDrains();
  const ended: string[] = [];
  const selection = { target: world.target, namespaces, labelSelector: drain };
  const watch = new DrainWatch("ring", selection, world, pending, (key) => ended.push(key));
  void watch.run(world.signal);
  return { pending, ended, watch };
}

Deno.test("drains are accounted for from the first list on, until they are over", async () => {
  using world = new WatchedServer();
  await world.create("old", draining);
  const { pending, ended, watch } = watchDrains(world);
  await world.clock.settle();
  await watch.complete;
  assert.deepEqual(pending.keys(), ["/Secret/default/old"]);
  await world.create("new");
  await world.label("new", draining);
  await world.clock.settle();
  assert.equal(pending.countOf("shard-a"), 2);
  assert.deepEqual(ended, []);
  await world.label("old", acknowledged);
  await world.label("new", { [drain]: null });
  await world.clock.settle();
  assert.deepEqual(ended, ["/Secret/default/old", "/Secret/default/new"]);
  assert.equal(pending.size, 0);
});

Deno.test("a deleted object's drain is over", async () => {
  using world = new WatchedServer();
  await world.create("foo", draining);
  const { pending, ended } = watchDrains(world);
  await world.clock.settle();
  await world.api.delete("foo");
  await world.clock.settle();
  assert.deepEqual(ended, ["/Secret/default/foo"]);
  assert.equal(pending.size, 0);
});

for (const namespaces of [["default"], [undefined]]) {
  const what = namespaces[0] ?? "all namespaces";
  Deno.test(`what ended while the watch of ${what} was broken is reckoned up after the next list`, async () => {
    using world = new WatchedServer();
    await world.create("stays", draining);
    await world.create("ends", draining);
    const { pending, ended } = watchDrains(world, namespaces);
    await world.clock.settle();
    // Noted by the pass right before its write: the watch has not told of it, and never will.
    pending.add("/Secret/default/brief", "shard-b");
    // Of other resources and namespaces it knows nothing.
    pending.add("/ConfigMap/default/foreign", "shard-b");
    world.fault = { type: "refused" };
    await world.clock.advance(90_000);
    await world.label("ends", acknowledged);
    await world.create("begins", draining);
    world.server.compact();
    world.fault = { type: "none" };
    await world.clock.advance(120_000);
    assert.deepEqual(ended.sort(), ["/Secret/default/brief", "/Secret/default/ends"]);
    assert.deepEqual(pending.keys().toSorted(), [
      "/ConfigMap/default/foreign",
      "/Secret/default/begins",
      "/Secret/default/stays",
    ]);
  });
}
