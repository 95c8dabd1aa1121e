import assert from "node:assert/strict";
import { RingSharder } from "../../../controllers/sharder/ring_sharder.ts";
import type { SharderSettings } from "../../../controllers/sharder/settings.ts";
import { ApiServer } from "../../../lib/apiserver/mod.ts";
import { Api } from "../../../lib/k8s/api/api.ts";
import { Discovery } from "../../../lib/k8s/discovery.ts";
import { configMaps, secrets } from "../../../lib/k8s/kinds/core.ts";
import type { KubeObject } from "../../../lib/k8s/types.ts";
import type { RingSnapshot } from "../../../lib/rings/mod.ts";
import { drainLabel, shardLabel } from "../../../lib/sharding/names.ts";
import { VirtualClock } from "../../../lib/util/clock/mod.ts";
import { getLogger } from "../../../lib/util/log.ts";
import { seededRandom } from "../../../lib/util/random.ts";
import { snapshotOf } from "./snapshots.ts";

const [shard, drain] = [shardLabel("ring"), drainLabel("ring")];

/** The sharder of one ring, called as its controller would. */
class Bench implements AsyncDisposable {
  readonly clock = new VirtualClock();
  readonly #server = new ApiServer({ clock: this.clock, random: seededRandom(1) });
  readonly #client = this.#server.client();
  readonly secrets: Api<KubeObject> = new Api<KubeObject>(this.#client, secrets).inNamespace("default");
  readonly configMaps: Api<KubeObject> = new Api<KubeObject>(this.#client, configMaps).inNamespace("default");
  readonly #stop = new AbortController();
  readonly sharder: RingSharder;
  snapshot: RingSnapshot = snapshotOf({ "shard-a": "ready", "shard-b": "ready" });
  wakes = 0;
  /** Requests that list Secrets without any selector. */
  looks = 0;

  constructor(settings: Partial<SharderSettings> = {}) {
    const client = this.#server.client({
      intercept: (request, next) => {
        const { path, querystring } = request;
        const isList = path.endsWith("/secrets") && querystring?.get("watch") !== "true";
        if (isList && !querystring?.has("labelSelector")) this.looks++;
        return next(request);
      },
    });
    this.sharder = new RingSharder({
      ring: "ring",
      snapshot: () => this.snapshot,
      client,
      lookup: new Discovery(client, { clock: this.clock }),
      settings: { syncPeriod: Infinity, concurrentMoves: 4, maxPendingDrains: 100, ...settings },
      moves: {},
      wake: () => this.wakes++,
      onUnjudged: () => undefined,
      clock: this.clock,
      random: seededRandom(2),
      logger: getLogger(["test"]),
    }, this.#stop.signal);
  }

  /** Calls the sharder; what the watches tell arrives meanwhile. */
  async reconcile(): Promise<number> {
    let pause: number | undefined;
    void this.sharder.reconcile(this.#stop.signal).then((ms) => pause = ms);
    for (let turn = 0; turn < 100 && pause === undefined; turn++) await this.clock.advance(10);
    assert.ok(pause !== undefined);
    return pause;
  }

  /** An owner on the shard where it does not belong, with children beside it. */
  async family(name: string, children: number): Promise<string> {
    const wanted = this.snapshot.view.shardFor(`/Secret/default/${name}`);
    const labels = { [shard]: wanted === "shard-a" ? "shard-b" : "shard-a" };
    const { metadata: { uid = "" } } = await this.secrets.create({ metadata: { name, labels } });
    const ownerReferences = [{ apiVersion: "v1", kind: "Secret", name, uid, controller: true }];
    for (let i = 0; i < children; i++) {
      await this.configMaps.create({ metadata: { name: `${name}-${i}`, labels, ownerReferences } });
    }
    return name;
  }

  /** The shard lets go, and the webhook gives the object to the right one. */
  async acknowledge(name: string): Promise<void> {
    const wanted = this.snapshot.view.shardFor(`/Secret/default/${name}`) ?? null;
    const patch = { metadata: { labels: { [shard]: wanted, [drain]: null } } };
    await this.secrets.patch(name, { type: "merge", patch });
    await this.clock.advance(200);
  }

  /** Children that are not with their owners. */
  async apart(): Promise<number> {
    const owners = new Map((await this.secrets.list()).items.map(({ metadata }) => [metadata.name, metadata.labels]));
    return (await this.configMaps.list()).items.filter(({ metadata: { labels, ownerReferences } }) =>
      labels?.[shard] !== owners.get(ownerReferences?.[0]?.name ?? "")?.[shard]
    ).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.sharder.stop();
  }
}

Deno.test("children that find no room do not have everything looked at all the time, and follow when there is room", async () => {
  await using bench = new Bench({ maxChildrenAside: 4 });
  const names: string[] = [];
  for (const name of ["foo", "bar", "baz"]) names.push(await bench.family(name, 3));
  await bench.reconcile();
  assert.equal((await bench.secrets.list({ labelSelector: drain })).items.length, 3);
  const { looks } = bench;
  for (let i = 0; i < 9; i++) {
    await bench.clock.advance(1_000);
    await bench.reconcile();
  }
  assert.equal(bench.looks, looks, "as long as no shard lets go there is nothing to be found");
  for (const name of names) await bench.acknowledge(name);
  assert.ok(bench.wakes > 0);
  for (let i = 0; i < 5; i++) await bench.clock.advance(Math.min(await bench.reconcile(), 60_000));
  assert.equal(await bench.apart(), 0);
});

Deno.test("children follow their owner within a second of the acknowledgement, and it takes no pass", async () => {
  await using bench = new Bench();
  await bench.family("foo", 5);
  await bench.reconcile();
  const before = bench.clock.monotonic();
  await bench.acknowledge("foo");
  assert.equal(await bench.apart(), 0);
  assert.ok(bench.clock.monotonic() - before <= 1_000);
});

Deno.test("what is held back is told for metrics, by why", async () => {
  await using bench = new Bench({ maxPendingDrains: 1 });
  // Of one shard.
  const misplaced: string[] = [];
  for (let i = 0; misplaced.length < 4; i++) {
    if (bench.snapshot.view.shardFor(`/Secret/default/foo-${i}`) !== "shard-a") continue;
    misplaced.push(await bench.family(`foo-${i}`, 0));
  }
  await bench.reconcile();
  assert.deepEqual(bench.sharder.work().heldBack, { pause: 0, limit: 0, drains: 3 });
  const [first = ""] = misplaced;
  await bench.acknowledge(first);
  await bench.reconcile();
  assert.deepEqual(bench.sharder.work().heldBack, { pause: 0, limit: 0, drains: 2 });
});
