import assert from "node:assert/strict";
import { RingEvents } from "../../../controllers/controller_ring/ring_events.ts";
import type { RingChange, RingSnapshot } from "../../../lib/rings/mod.ts";
import { BoundedQueue } from "../../../lib/util/bounded_queue.ts";
import { VirtualClock } from "../../../lib/util/clock/mod.ts";
import { snapshotOf } from "../sharder/snapshots.ts";

type Shards = Parameters<typeof snapshotOf>[0];

/** The events of one ring whose shards a test sets. */
class Setting implements AsyncDisposable {
  readonly clock = new VirtualClock();
  readonly told: string[] = [];
  readonly #queue = new BoundedQueue<RingChange>();
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  readonly events: RingEvents;
  #snapshot: RingSnapshot | undefined;

  constructor(shards: Shards) {
    this.#snapshot = snapshotOf(shards);
    const rings = {
      get: () => this.#snapshot,
      changes: () => this.#queue,
      whenReady: () => Promise.resolve(),
    };
    const recorder = { record: (_ring: unknown, { reason }: { reason: string }) => this.told.push(reason) };
    this.events = new RingEvents({ rings, recorder, clock: this.clock });
    this.#change();
    this.#running = this.events.run(this.#stop.signal);
  }

  async set(shards: Shards | undefined): Promise<void> {
    this.#snapshot = shards === undefined ? undefined : snapshotOf(shards);
    this.#change();
    await this.clock.settle();
  }

  #change(): void {
    this.#queue.push({ ring: "ring", kind: "membership", joined: [], left: [] });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#queue.close();
    await this.#running;
  }
}

Deno.test("RingEvents tells of what happens in a moment at once, and not of what was there before", async () => {
  await using setting = new Setting({ a: "ready" });
  await setting.clock.advance(10_000);
  await setting.set({ a: "ready", b: "ready" });
  await setting.set({ a: "held", b: "ready" });
  assert.deepEqual(setting.told, []);
  await setting.clock.advance(2_000);
  assert.deepEqual(setting.told, ["ShardJoined", "ShardLost"]);
});

Deno.test("RingEvents tells more and more seldom of a shard that comes and goes, until there is calm", async () => {
  await using setting = new Setting({ a: "ready" });
  for (let second = 0; second < 3_600; second += 10) {
    await setting.set(second % 20 === 0 ? { a: "ready", b: "ready" } : { a: "ready", b: "held" });
    await setting.clock.advance(10_000);
  }
  assert.ok(setting.told.length < 40, `${setting.told.length} events in an hour`);
  await setting.clock.advance(20 * 60_000);
  setting.told.length = 0;
  await setting.set({ a: "ready", c: "ready" });
  await setting.clock.advance(2_000);
  assert.deepEqual(setting.told, ["ShardJoined"]);
});

Deno.test("RingEvents forgets a ring that is gone, and takes the next of its name as it finds it", async () => {
  await using setting = new Setting({ a: "ready" });
  await setting.set({ a: "ready", b: "ready" });
  await setting.set(undefined);
  await setting.set({ c: "ready" });
  await setting.clock.advance(10_000);
  assert.deepEqual(setting.told, []);
});
