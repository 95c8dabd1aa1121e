import assert from "node:assert/strict";
import { parseSharderConfig } from "../../../commands/sharder/config/sharder_config.ts";
import { diagnosticsHandler } from "../../../commands/sharder/diagnostics/server.ts";
import { runSharder } from "../../../commands/sharder/run.ts";
import { eventLoopLag, registerProcessMetrics, Registry } from "../../../lib/runtime/metrics/mod.ts";
import { Gate } from "../../../lib/testing/gate.ts";
import { ProcessClient } from "../../../lib/testing/process_client.ts";
import { seededRandom } from "../../../lib/util/random.ts";
import { InMemoryStage } from "../../integration/stages/in_memory.ts";
import { World } from "../../integration/world.ts";

interface Family {
  readonly type: string;
  readonly labels: readonly string[];
  /** Values by labels, as they are printed. */
  readonly samples: ReadonlyMap<string, number>;
}

/** Prometheus' text format, read line by line. */
function parseMetrics(text: string): ReadonlyMap<string, Family> {
  const families = new Map<string, { type: string; labels: Set<string>; samples: Map<string, number> }>();
  for (const [, name = "", type = ""] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    families.set(name, { type, labels: new Set(), samples: new Map() });
  }
  for (const [, name = "", labels = "", value] of text.matchAll(/^(\w+)(?:\{(.*)\})? (\S+)$/gm)) {
    const base = name.replace(/_(bucket|sum|count)$/, "");
    const family = families.get(name) ?? families.get(base) ?? assert.fail(`no type for ${name}`);
    for (const [, label = ""] of labels.matchAll(/(\w+)="/g)) if (label !== "le") family.labels.add(label);
    if (!name.endsWith("_bucket")) family.samples.set(`${name.slice(base.length)}{${labels}}`, Number(value));
  }
  return new Map([...families].map(([name, { type, labels, samples }]) => [
    name,
    { type, labels: [...labels].sort(), samples },
  ]));
}

/** A sharder that is measured, on a stage in memory, as its endpoint shows it. */
class Measured implements AsyncDisposable {
  readonly world: World;
  readonly registry = new Registry();
  readonly stage: InMemoryStage;
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;

  constructor(stage: InMemoryStage) {
    this.stage = stage;
    this.world = new World(stage, "ring");
    const { registry } = this;
    const { clock } = stage;
    registerProcessMetrics(registry, clock);
    const lag = eventLoopLag(registry, "controller_sharding_event_loop_lag_seconds", clock);
    this.#done = runSharder({
      config: parseSharderConfig({ webhook: { config: { clientConfig: stage.clientConfig } } }).config,
      identity: "sharder",
      clock,
      random: seededRandom(7),
      connect: ({ userAgent, observer }) =>
        new ProcessClient({
          client: stage.connect("sharder", userAgent),
          intercept: (request, next) => {
            observer?.onRequest({ ...request, verb: "", code: "200", host: "server", seconds: 0 });
            return next(request);
          },
          gate: new Gate(),
          broken: () => this.#stop.signal,
        }),
      serveWebhook: (app) => stage.serveWebhook(app),
      metrics: { registry, serve: () => [lag] },
    }, this.#stop.signal);
  }

  async scrape(): Promise<ReadonlyMap<string, Family>> {
    const response = await diagnosticsHandler(this.registry, undefined)(new Request("https://127.0.0.1/metrics"));
    assert.equal(response.status, 200);
    assert.match(response.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
    return parseMetrics(await response.text());
  }

  /** The value of one series; 0 for none. */
  async value(name: string, labels: string): Promise<number> {
    return (await this.scrape()).get(name)?.samples.get(`{${labels}}`) ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.world[Symbol.asyncDispose]();
    this.#stop.abort();
    let ended = false;
    void this.#done.catch(() => undefined).then(() => ended = true);
    await this.stage.eventually("the sharder stops", () => ended, 30_000);
    await this.stage[Symbol.asyncDispose]();
  }
}

const three = ["shard-a", "shard-b", "shard-c"];
const four = [...three, "shard-d"];
const secrets = 'group="",resource="secrets"';

/** A sharder with three shards and 24 Secrets, each with a ConfigMap. */
async function settledRing(): Promise<{ at: Measured; names: string[] }> {
  const at = new Measured(await InMemoryStage.start());
  await at.world.setUp();
  for (const name of three) at.world.startShard(name);
  await at.world.isReady(3);
  const names = await at.world.createSecrets(24);
  await at.world.spread(three, names);
  return { at, names };
}

/** Protocol, section 8.1: names, types and labels as dashboards for the reference expect them, one metric in each line. */
const reference = `
  controller_sharding_assignments_total counter controllerring group resource
  controller_sharding_movements_total counter controllerring group resource
  controller_sharding_drains_total counter controllerring group resource
  controller_sharding_ring_calculations_total counter controllerring
  controller_sharding_controllerring_metadata_generation gauge controllerring uid
  controller_sharding_controllerring_observed_generation gauge controllerring uid
  controller_sharding_controllerring_status_shards gauge controllerring uid
  controller_sharding_controllerring_status_available_shards gauge controllerring uid
  controller_sharding_shard_info gauge controllerring namespace shard uid
  controller_sharding_shard_state gauge controllerring namespace shard state
  controller_runtime_reconcile_total counter controller result
  controller_runtime_reconcile_errors_total counter controller
  controller_runtime_terminal_reconcile_errors_total counter controller
  controller_runtime_reconcile_panics_total counter controller
  controller_runtime_reconcile_time_seconds histogram controller
  controller_runtime_max_concurrent_reconciles gauge controller
  controller_runtime_active_workers gauge controller
  workqueue_depth gauge controller name priority
  workqueue_adds_total counter controller name
  workqueue_retries_total counter controller name
  workqueue_queue_duration_seconds histogram controller name
  workqueue_work_duration_seconds histogram controller name
  workqueue_unfinished_work_seconds gauge controller name
  workqueue_longest_running_processor_seconds gauge controller name
  rest_client_requests_total counter code host method
  leader_election_master_status gauge name
  controller_runtime_webhook_requests_total counter code webhook
  controller_runtime_webhook_latency_seconds histogram webhook
  controller_runtime_webhook_requests_in_flight gauge webhook
  process_cpu_seconds_total counter
  process_resident_memory_bytes gauge
  process_start_time_seconds gauge
`;

/** What the reference does not have. */
const ours = `
  controller_sharding_objects gauge controllerring group resource shard
  controller_sharding_objects_without_owner gauge controllerring group resource
  controller_sharding_drains_pending gauge controllerring group resource shard
  controller_sharding_drains_pending_oldest_seconds gauge controllerring group resource shard
  controller_sharding_drains_withdrawn_total counter controllerring group resource
  controller_sharding_objects_held_back gauge controllerring reason
  controller_sharding_unsettled_seconds gauge controllerring
  controller_sharding_move_duration_seconds histogram controllerring group resource type
  controller_sharding_pass_duration_seconds histogram controllerring kind
  controller_sharding_pass_failures_total counter controllerring
  controller_sharding_settle_duration_seconds histogram controllerring
  controller_sharding_webhook_requests_total counter controllerring outcome
  controller_sharding_webhook_duration_seconds histogram controllerring
  controller_sharding_event_loop_lag_seconds histogram
  rest_client_request_duration_seconds histogram host verb
  leader_election_slowpath_total counter name
  process_heap_bytes gauge
`;

/** There only while something is: drains are over before anybody could look, and none was withdrawn. */
const passing = new Set([
  "controller_sharding_drains_pending",
  "controller_sharding_drains_pending_oldest_seconds",
  "controller_sharding_drains_withdrawn_total",
  "leader_election_slowpath_total",
]);

Deno.test("every metric of the reference is served under its name, type and labels, and ours with them", async () => {
  const { at, names } = await settledRing();
  await using _at = at;
  at.world.startShard("shard-d");
  await at.world.spread(four, names);
  const families = await at.scrape();
  const wanted = `${reference}${ours}`.split("\n").filter((line) => line !== "")
    .map((line) => line.trim().split(" ")).map(([name = "", type, ...labels]) => ({ name, type, labels }));
  assert.deepEqual([...families.keys()].sort(), wanted.map(({ name }) => name).sort());
  const docs = await Deno.readTextFile(new URL("../../../docs/monitoring.md", import.meta.url));
  assert.deepEqual([...families.keys()].filter((name) => !docs.includes(`\`${name}\``)), [], "all are documented");
  for (const { name, type, labels } of wanted) {
    assert.equal(families.get(name)?.type, type, name);
    if (!passing.has(name)) assert.deepEqual(families.get(name)?.labels, labels, name);
  }
});

Deno.test("metrics count what really happened to the objects", async () => {
  const { at, names } = await settledRing();
  await using _at = at;
  const ring = 'controllerring="ring"';
  const name = "controller_sharding";
  assert.equal(await at.value(`${name}_assignments_total`, `${ring},${secrets}`), 24);
  assert.equal(await at.value(`${name}_assignments_total`, `${ring},group="",resource="configmaps"`), 24);
  assert.equal(await at.value(`${name}_webhook_requests_total`, `${ring},outcome="assigned"`), 48);
  assert.equal(await at.value(`${name}_controllerring_status_available_shards`, await ringLabels(at)), 3);
  assert.equal(await at.value("leader_election_master_status", 'name="sharder"'), 1);

  at.world.startShard("shard-d");
  await at.world.spread(four, names);
  const moved = names.filter((each) => at.world.ownerAmong(four, each) === "shard-d").length;
  assert.ok(moved > 0);
  await at.stage.eventually(
    "the ring is settled",
    async () => await at.value(`${name}_unsettled_seconds`, ring) === 0,
    5_000,
  );
  const families = await at.scrape();
  const sample = (family: string, labels: string, suffix = ""): number | undefined =>
    families.get(`${name}_${family}`)?.samples.get(`${suffix}{${labels}}`);
  assert.equal(sample("drains_total", `${ring},${secrets}`), moved);
  assert.equal(sample("movements_total", `${ring},group="",resource="configmaps"`), moved);
  assert.equal(sample("move_duration_seconds", `${ring},${secrets},type="drain"`, "_count"), moved);
  assert.ok((sample("settle_duration_seconds", ring, "_count") ?? 0) >= 1);
  for (const resource of ["secrets", "configmaps"]) {
    for (const shard of four) {
      const owned = names.filter((each) => at.world.ownerAmong(four, each) === shard).length;
      const labels = `${ring},group="",resource="${resource}",shard="${shard}"`;
      assert.equal(sample("objects", labels), owned, labels);
    }
    assert.equal(sample("objects_without_owner", `${ring},group="",resource="${resource}"`), 0);
  }
  assert.deepEqual([...families.get(`${name}_drains_pending`)?.samples ?? []], []);
});

async function ringLabels(at: Measured): Promise<string> {
  const { metadata } = await at.world.rings.get("ring");
  return `controllerring="ring",uid="${metadata.uid}"`;
}

Deno.test("a drain that nobody acknowledges is counted, and grows old", async () => {
  const { at } = await settledRing();
  await using _at = at;
  // Its Lease is good, but nobody is behind it.
  await at.world.writeLease("mute", { duration: 3_600 });
  await at.world.createSecrets(40, "late");
  const gauge = "controller_sharding_drains_pending";
  const live = async (): Promise<string | undefined> => {
    const shards = [...(await at.scrape()).get(gauge)?.samples.keys() ?? []];
    return shards.find((labels) => labels.includes('shard="mute"'));
  };
  await at.world.eventually(
    "the silent shard has objects",
    async () => [...(await at.world.shardsOf(at.world.secrets)).values()].includes("mute"),
  );
  // It leaves the ring's assignment as another shard joins, and is asked for its share.
  for (const name of ["shard-d", "shard-e", "shard-f", "shard-g"]) at.world.startShard(name);
  await at.world.eventually("a drain is pending", async () => await live() !== undefined, 20_000);
  const labels = await live() ?? "";
  const age = async (): Promise<number> => (await at.scrape()).get(`${gauge}_oldest_seconds`)?.samples.get(labels) ?? 0;
  const first = await age();
  await at.stage.clock.advance(10_000);
  assert.equal(Math.round(await age() - first), 10);
  assert.ok(await at.value("controller_sharding_unsettled_seconds", 'controllerring="ring"') > 9);
});

Deno.test("the series of a ring vanish with it", async () => {
  const { at } = await settledRing();
  await using _at = at;
  const series = async (): Promise<string[]> =>
    [...await at.scrape()].flatMap(([name, { samples }]) =>
      [...samples.keys()].filter((labels) => labels.includes('controllerring="ring"')).map((labels) => name + labels)
    );
  assert.ok((await series()).length > 20);
  await at.world.rings.delete("ring");
  await at.world.eventually(
    "only the shards' Leases are left",
    async () => (await series()).every((each) => each.startsWith("controller_sharding_shard_")),
    30_000,
  );
});
