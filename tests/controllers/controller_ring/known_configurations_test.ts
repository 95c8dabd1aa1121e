import assert from "node:assert/strict";
import { KnownConfigurations } from "../../../controllers/controller_ring/known_configurations.ts";
import { ApiServer, type Fault, faults } from "../../../lib/apiserver/mod.ts";
import { Api } from "../../../lib/k8s/api/api.ts";
import { mutatingWebhookConfigurations } from "../../../lib/k8s/kinds/admissionregistration.ts";
import { leaseRingLabel } from "../../../lib/sharding/names.ts";
import { VirtualClock } from "../../../lib/util/clock/mod.ts";
import { seededRandom } from "../../../lib/util/random.ts";

const key = { namespace: "", name: "controllerring-foo" };
const reapplyPeriod = 100_000;

/** Webhook configurations, and who wants to know them. */
class World implements AsyncDisposable {
  readonly clock = new VirtualClock();
  readonly server = new ApiServer({ clock: this.clock, random: seededRandom(1) });
  readonly api = new Api(this.server.client(), mutatingWebhookConfigurations, { fieldManager: "test" });
  readonly known: KnownConfigurations;
  /** Rings whose configurations may need repair, in the order in which they were named. */
  readonly enqueued: string[] = [];
  isForbidden = false;
  isReady = false;
  readonly #stop = new AbortController();
  readonly #running: readonly Promise<void>[];

  constructor(isForbidden: boolean) {
    this.isForbidden = isForbidden;
    const fault = (): Fault => this.isForbidden ? { type: "status", code: 403 } : { type: "none" };
    const client = this.server.client({ intercept: faults(this.clock, fault) });
    const options = { clock: this.clock, random: seededRandom(2), reapplyPeriod };
    this.known = new KnownConfigurations(new Api(client, mutatingWebhookConfigurations), options);
    const source = this.known.source(() => ["foo"]);
    const { signal } = this.#stop;
    source.whenReady(signal).then(() => this.isReady = true, () => undefined);
    this.#running = [this.known.run(signal), source.start(({ name }) => void this.enqueued.push(name), signal)];
  }

  async apply(): Promise<void> {
    const metadata = { name: key.name, labels: { [leaseRingLabel]: "foo" } };
    this.known.applied(await this.api.apply({ metadata, webhooks: [] }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error("the test is over"));
    await Promise.all(this.#running);
    this.server.close();
  }
}

Deno.test("webhook configurations are known as they are where they may be watched", async () => {
  await using world = new World(false);
  await world.clock.settle();
  assert.ok(world.isReady);
  await world.apply();
  await world.clock.settle();
  assert.equal(world.known.get(key)?.metadata.name, key.name);
  assert.deepEqual(world.enqueued, ["foo"]);
  await world.api.delete(key.name);
  await world.clock.settle();
  assert.equal(world.known.get(key), undefined);
  await world.clock.advance(3 * reapplyPeriod);
  assert.deepEqual(world.enqueued, ["foo", "foo"], "nobody is reminded without need");
});

Deno.test("where they may not be watched, what was applied is remembered, and applied again each period", async () => {
  await using world = new World(true);
  await world.clock.settle();
  assert.ok(world.isReady, "nothing waits for what is forbidden");
  assert.equal(world.known.get(key), undefined);
  await world.apply();
  assert.equal(world.known.get(key)?.metadata.name, key.name);
  assert.equal(world.known.get(key)?.metadata.managedFields, undefined);
  await world.clock.advance(reapplyPeriod - 1);
  assert.deepEqual(world.enqueued, []);
  await world.clock.advance(1);
  assert.deepEqual(world.enqueued, ["foo"]);
  assert.equal(world.known.get(key), undefined, "so it is applied");
});

Deno.test("a permission that is granted or taken away is noticed", async () => {
  await using world = new World(true);
  await world.clock.settle();
  await world.apply();
  world.isForbidden = false;
  await world.clock.advance(31_000);
  await world.api.delete(key.name);
  await world.clock.settle();
  assert.equal(world.known.get(key), undefined);
  await world.apply();
  await world.clock.settle();
  world.isForbidden = true;
  // The server ends each watch after about five minutes.
  await world.clock.advance(330_000);
  assert.equal(world.known.get(key), undefined, "the copy is not up to date any more");
  await world.apply();
  assert.equal(world.known.get(key)?.metadata.name, key.name);
});
