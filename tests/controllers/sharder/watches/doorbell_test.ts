import assert from "node:assert/strict";
import { Doorbell } from "../../../../controllers/sharder/watches/doorbell.ts";
import { shardLabel } from "../../../../lib/sharding/names.ts";
import { WatchedServer } from "../watched_server.ts";

const shard = shardLabel("ring");

/** A doorbell for Secrets that are not with shard-a, and what it tells. */
function ring(world: WatchedServer, handle: (name: string) => Promise<void> = () => Promise.resolve()): {
  readonly told: string[];
  readonly overflows: () => number;
  readonly doorbell: Doorbell;
  readonly done: Promise<void>;
} {
  const told: string[] = [];
  let overflows = 0;
  const selection = { target: world.target, namespaces: ["default"], labelSelector: `${shard} notin (shard-a)` };
  const doorbell = new Doorbell(selection, world, {
    onObject: async (_, { metadata }) => {
      told.push(metadata.name);
      await handle(metadata.name);
    },
    onOverflow: () => overflows++,
  });
  const done = doorbell.run(world.signal);
  return { told, overflows: () => overflows, doorbell, done };
}

Deno.test("a doorbell tells what comes to be without a live owner, and not what is so at the beginning", async () => {
  using world = new WatchedServer();
  await world.create("old");
  const { told, doorbell } = ring(world);
  await world.clock.settle();
  await doorbell.complete;
  assert.deepEqual(told, []);
  await world.create("new");
  await world.create("owned", { [shard]: "shard-a" });
  await world.clock.settle();
  assert.deepEqual(told, ["new"]);
  await world.label("owned", { [shard]: "bogus" });
  await world.clock.settle();
  assert.deepEqual(told, ["new", "owned"]);
});

Deno.test("what became ownerless while the watch was broken is told when it works again", async () => {
  using world = new WatchedServer();
  const { told, doorbell } = ring(world);
  await world.clock.settle();
  await doorbell.complete;
  world.fault = { type: "refused" };
  // The watch ends by itself within a minute or so, and cannot start again.
  await world.clock.advance(90_000);
  await world.create("missed");
  world.server.compact();
  assert.deepEqual(told, []);
  world.fault = { type: "none" };
  await world.clock.advance(120_000);
  assert.deepEqual(told, ["missed"]);
});

Deno.test("when more come than can be handled, the doorbell asks for a pass and reads on", async () => {
  using world = new WatchedServer();
  const gate = Promise.withResolvers<void>();
  const { told, overflows, doorbell, done } = ring(world, () => gate.promise);
  await world.clock.settle();
  await doorbell.complete;
  for (let i = 0; i < 1_050; i++) await world.create(`foo-${i}`);
  await world.clock.settle();
  assert.equal(told.length, 20);
  assert.ok(overflows() > 0 && overflows() <= 30, `${overflows()}`);
  gate.resolve();
  await world.clock.settle();
  assert.equal(told.length + overflows(), 1_050);
  world[Symbol.dispose]();
  await done;
});
