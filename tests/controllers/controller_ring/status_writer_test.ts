import assert from "node:assert/strict";
import { nextStatus } from "../../../controllers/controller_ring/status.ts";
import { StatusWriter } from "../../../controllers/controller_ring/status_writer.ts";
import { RingTroubles, type Trouble } from "../../../lib/rings/troubles.ts";
import type { ControllerRing } from "../../../lib/sharding/ring_types.ts";
import { VirtualClock } from "../../../lib/util/clock/mod.ts";
import { ringOf } from "./rings.ts";

const missing: Trouble = { type: "ResourcesMissing", reason: "NotServed", message: "no websites" };

/** A ring on a server, and the cache of a sharder that may be behind. */
class Setting {
  readonly clock = new VirtualClock();
  readonly troubles = new RingTroubles();
  readonly events: string[] = [];
  readonly asked: number[] = [];
  /** As the server has it. */
  stored = ringOf();
  cached = this.stored;
  writes = 0;
  readonly writer = new StatusWriter({
    clock: this.clock,
    later: (_ring, ms) => this.asked.push(ms),
    recorder: { record: (_ring, { reason }) => this.events.push(reason) },
    ringApi: {
      status: {
        replace: (ring) => {
          assert.equal(ring.metadata.resourceVersion, this.stored.metadata.resourceVersion, "the write is up to date");
          this.writes++;
          const { metadata } = this.stored;
          const resourceVersion = `${Number(metadata.resourceVersion) + 1}`;
          this.stored = {
            ...this.stored,
            status: ring.status ?? assert.fail(),
            metadata: { ...metadata, resourceVersion },
          };
          return Promise.resolve(this.stored);
        },
      },
    },
  });

  /** Reconciles with so many shards. */
  async write(shards: number, cached: ControllerRing = this.cached): Promise<void> {
    const outcome = { shards, availableShards: shards };
    const next = (ring: ControllerRing): ReturnType<typeof nextStatus> =>
      nextStatus(ring, outcome, this.clock.now(), this.troubles);
    await this.writer.write(cached, next, new AbortController().signal);
  }

  catchUp(): void {
    this.cached = this.stored;
  }
}

Deno.test("a StatusWriter writes nothing that repeats what holds", async () => {
  const setting = new Setting();
  await setting.write(1);
  setting.catchUp();
  await setting.write(1);
  assert.equal(setting.writes, 1);
});

Deno.test("a StatusWriter goes by its own write while the cache does not have it yet", async () => {
  const setting = new Setting();
  await setting.write(1);
  await setting.write(1);
  assert.equal(setting.writes, 1);
  await setting.write(2);
  assert.equal(setting.writes, 2);
});

Deno.test("a StatusWriter writes counts at once, and troubles every 10 s at most", async () => {
  const setting = new Setting();
  await setting.write(1);
  setting.catchUp();
  await setting.clock.advance(4_000);
  setting.troubles.set("ring", "passes", [missing]);
  await setting.write(1);
  assert.equal(setting.writes, 1);
  assert.deepEqual(setting.asked, [6_000]);
  await setting.clock.advance(6_000);
  await setting.write(1);
  assert.equal(setting.writes, 2);
  setting.catchUp();
  setting.troubles.set("ring", "passes", []);
  setting.troubles.conclude("ring");
  await setting.write(2);
  assert.equal(setting.writes, 3);
  assert.deepEqual(setting.stored.status?.conditions?.map(({ type }) => type), ["Ready"]);
});

Deno.test("a StatusWriter tells of what it has written, and of that only", async () => {
  const setting = new Setting();
  await setting.write(1);
  setting.troubles.set("ring", "passes", [missing]);
  await setting.write(1);
  assert.deepEqual(setting.events, []);
  await setting.clock.advance(10_000);
  await setting.write(1);
  assert.deepEqual(setting.events, ["NotServed"]);
});

Deno.test("a StatusWriter does not take a ring for the one that had its name before", async () => {
  const setting = new Setting();
  await setting.write(1);
  const { metadata } = setting.stored;
  setting.stored = ringOf({ metadata: { ...metadata, uid: "another", resourceVersion: "9" } });
  await setting.write(1, setting.stored);
  assert.equal(setting.writes, 2);
});
