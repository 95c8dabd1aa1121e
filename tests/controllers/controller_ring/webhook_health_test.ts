import assert from "node:assert/strict";
import { WebhookHealth } from "../../../controllers/controller_ring/webhook_health.ts";
import { RingTroubles } from "../../../lib/rings/troubles.ts";
import { VirtualClock } from "../../../lib/util/clock/mod.ts";

const service = { service: { namespace: "sharding-system", name: "sharder" } };

/** A ring's webhook whose configuration was applied long enough ago. */
class Setting {
  readonly clock = new VirtualClock();
  readonly troubles = new RingTroubles();
  readonly asked: number[] = [];
  readonly health = new WebhookHealth({
    troubles: this.troubles,
    clock: this.clock,
    later: (_ring, ms) => this.asked.push(ms),
  });

  constructor() {
    this.troubles.conclude("ring");
    this.health.applied("ring", { name: "controllerring-ring", uid: "uid", generation: 1 });
  }

  /** Objects without a shard come to be, one each second. */
  async miss(count: number, fields: { generateName?: string; age?: number } = {}): Promise<void> {
    const { age = 0, ...metadata } = fields;
    for (let index = 0; index < count; index++) {
      await this.clock.advance(1_000);
      const creationTimestamp = new Date(this.clock.now() - age).toISOString();
      this.health.missed("ring", { metadata: { name: "foo", creationTimestamp, ...metadata } });
    }
  }

  /** The types of trouble that a review finds. */
  review(): string[] {
    this.health.review("ring", service);
    return this.troubles.of("ring").map(({ reason }) => reason);
  }
}

Deno.test("objects that come without a shard and without a request mean that the webhook is not reached", async () => {
  const setting = new Setting();
  await setting.clock.advance(30_000);
  await setting.miss(2);
  assert.deepEqual(setting.review(), []);
  await setting.miss(1);
  assert.equal(setting.asked.at(-1), 0, "a review is asked for at once");
  assert.deepEqual(setting.review(), ["RequestsMissing"]);
  const [trouble] = setting.troubles.of("ring");
  assert.match(trouble?.message ?? "", /Service sharding-system\/sharder .*controllerring-ring/);
});

Deno.test("a request that this replica answers clears the webhook at once", async () => {
  const setting = new Setting();
  await setting.clock.advance(30_000);
  await setting.miss(5);
  assert.deepEqual(setting.review(), ["RequestsMissing"]);
  setting.health.answered("ring");
  assert.equal(setting.asked.at(-1), 0);
  assert.deepEqual(setting.review(), []);
  await setting.miss(2);
  assert.deepEqual(setting.review(), []);
});

Deno.test("objects that are older than the last request do not count, however late they are seen", async () => {
  const setting = new Setting();
  await setting.clock.advance(30_000);
  setting.health.answered("ring");
  await setting.miss(3, { age: 5_000 });
  assert.deepEqual(setting.review(), []);
  await setting.miss(3);
  assert.deepEqual(setting.review(), ["RequestsMissing"]);
});

Deno.test("without further objects the webhook is cleared after a while", async () => {
  const setting = new Setting();
  await setting.clock.advance(30_000);
  await setting.miss(3);
  assert.deepEqual(setting.review(), ["RequestsMissing"]);
  await setting.clock.advance(setting.asked.at(-1) ?? Infinity);
  assert.deepEqual(setting.review(), []);
});

Deno.test("objects do not count that the webhook could not know, or does not assign", async () => {
  const setting = new Setting();
  await setting.clock.advance(20_000);
  await setting.miss(5); // API servers may not have noticed the configuration.
  await setting.clock.advance(10_000);
  await setting.miss(5, { generateName: "a-prefix-that-is-too-long-for-the-webhook-to-be-completed-" });
  await setting.miss(5, { age: 120_000 }); // They were created long before they were seen.
  assert.deepEqual(setting.review(), []);
});

Deno.test("objects with a generateName count that the webhook completes", async () => {
  const setting = new Setting();
  await setting.clock.advance(30_000);
  await setting.miss(3, { generateName: "foo-" });
  assert.deepEqual(setting.review(), ["RequestsMissing"]);
});

Deno.test("a changed configuration gets its time too", async () => {
  const setting = new Setting();
  await setting.clock.advance(30_000);
  setting.health.applied("ring", { name: "controllerring-ring", uid: "uid", generation: 2 });
  assert.equal(setting.health.settlesIn("ring"), 30_000);
  await setting.miss(3);
  assert.deepEqual(setting.review(), []);
});

Deno.test("whether an earlier leader was right is undecided until a sign of life, or for some minutes", async () => {
  for (const end of ["answer", "time", "misses"]) {
    const setting = new Setting();
    await setting.clock.advance(30_000);
    setting.review();
    assert.equal(setting.troubles.isDecided("ring", "WebhookUnreachable"), false);
    if (end === "answer") setting.health.answered("ring");
    if (end === "time") await setting.clock.advance(setting.asked.at(-1) ?? Infinity);
    if (end === "misses") await setting.miss(3);
    setting.review();
    assert.equal(setting.troubles.isDecided("ring", "WebhookUnreachable"), true, end);
  }
});

Deno.test("nothing is noted of rings that nobody asked about", () => {
  const troubles = new RingTroubles();
  const asked: string[] = [];
  const health = new WebhookHealth({ troubles, clock: new VirtualClock(), later: (ring) => asked.push(ring) });
  health.answered("ring");
  health.missed("ring", { metadata: { name: "foo" } });
  assert.deepEqual(asked, []);
});
