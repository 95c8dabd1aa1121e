import assert from "node:assert/strict";
import { register } from "prom-client";
import {
  clientMetrics,
  controllerMetrics,
  electionMetrics,
  queueMetrics,
  registerProcessMetrics,
  Registry,
} from "../../../../lib/runtime/metrics/mod.ts";
import { WorkQueue } from "../../../../lib/runtime/queue/mod.ts";
import { VirtualClock } from "../../../../lib/util/clock/mod.ts";

/** The sample lines of some metric names, without buckets. */
async function samples(registry: Registry, prefix: string): Promise<string[]> {
  const lines = (await registry.metrics()).split("\n");
  return lines.filter((line) => line.startsWith(prefix) && !line.includes("_bucket{"));
}

Deno.test("queueMetrics() measures a work queue under controller-runtime's names", async () => {
  const registry = new Registry();
  const clock = new VirtualClock();
  const queue = new WorkQueue<string>({ name: "secrets", clock, observer: queueMetrics(registry) });
  const worker = queue.items();
  queue.add("a");
  queue.add("b");
  await clock.advance(2_000);
  await worker.next();
  queue.addAfter("c", 60_000);
  await clock.advance(3_000);
  const labels = 'name="secrets",controller="secrets"';
  assert.deepEqual(await samples(registry, "workqueue_"), [
    `workqueue_adds_total{${labels}} 2`,
    `workqueue_retries_total{${labels}} 1`,
    `workqueue_queue_duration_seconds_sum{${labels}} 2`,
    `workqueue_queue_duration_seconds_count{${labels}} 1`,
    `workqueue_work_duration_seconds_sum{${labels}} 0`,
    `workqueue_work_duration_seconds_count{${labels}} 0`,
    `workqueue_depth{${labels},priority=""} 1`,
    `workqueue_unfinished_work_seconds{${labels}} 3`,
    `workqueue_longest_running_processor_seconds{${labels}} 3`,
  ]);
  queue.shutDown();
  await worker.return();
});

Deno.test("controllerMetrics() measures controllers under controller-runtime's names, from the start", async () => {
  const registry = new Registry();
  const observer = controllerMetrics(registry);
  observer.onCreate("shardlease", 5);
  const expected = (success: number, error: number, panics: number, terminal: number, seconds: number): string[] => [
    `controller_runtime_reconcile_total{controller="shardlease",result="success"} ${success}`,
    `controller_runtime_reconcile_total{controller="shardlease",result="error"} ${error}`,
    `controller_runtime_reconcile_total{controller="shardlease",result="requeue"} 0`,
    `controller_runtime_reconcile_total{controller="shardlease",result="requeue_after"} 0`,
    `controller_runtime_reconcile_errors_total{controller="shardlease"} ${error}`,
    `controller_runtime_reconcile_panics_total{controller="shardlease"} ${panics}`,
    `controller_runtime_reconcile_time_seconds_sum{controller="shardlease"} ${seconds}`,
    `controller_runtime_reconcile_time_seconds_count{controller="shardlease"} ${success + error}`,
    'controller_runtime_max_concurrent_reconciles{controller="shardlease"} 5',
    `controller_runtime_active_workers{controller="shardlease"} ${success + error === 0 ? 0 : 2}`,
    `controller_runtime_terminal_reconcile_errors_total{controller="shardlease"} ${terminal}`,
  ];
  const sorted = async (): Promise<string[]> => (await samples(registry, "controller_runtime_")).sort();
  assert.deepEqual(await sorted(), expected(0, 0, 0, 0, 0).sort());
  observer.onActive("shardlease", 2);
  observer.onReconciled("shardlease", { outcome: "success", seconds: 1, terminal: false, panic: false });
  observer.onReconciled("shardlease", { outcome: "error", seconds: 2, terminal: true, panic: false });
  observer.onReconciled("shardlease", { outcome: "error", seconds: 4, terminal: false, panic: true });
  assert.deepEqual(await sorted(), expected(1, 2, 1, 1, 7).sort());
});

Deno.test("clientMetrics() counts requests with code, method and host", async () => {
  const registry = new Registry();
  const observer = clientMetrics(registry);
  const request = { verb: "list", method: "GET", host: "10.0.0.1:443", path: "/api/v1/secrets", seconds: 0.2 } as const;
  observer.onRequest({ ...request, code: "200" });
  observer.onRequest({ ...request, code: "<error>" });
  assert.deepEqual(await samples(registry, "rest_client_"), [
    'rest_client_requests_total{code="200",method="GET",host="10.0.0.1:443"} 1',
    'rest_client_requests_total{code="<error>",method="GET",host="10.0.0.1:443"} 1',
    'rest_client_request_duration_seconds_sum{verb="GET",host="10.0.0.1:443"} 0.4',
    'rest_client_request_duration_seconds_count{verb="GET",host="10.0.0.1:443"} 2',
  ]);
});

Deno.test("electionMetrics() tells whether this process leads", async () => {
  const registry = new Registry();
  const observer = electionMetrics(registry);
  observer.onLeading("sharder", false);
  observer.onLeading("sharder", true);
  observer.onSlowPath("sharder");
  assert.deepEqual(await samples(registry, "leader_election_"), [
    'leader_election_master_status{name="sharder"} 1',
    'leader_election_slowpath_total{name="sharder"} 1',
  ]);
});

Deno.test("registerProcessMetrics() reads memory and processor time at each scrape", async () => {
  const registry = new Registry();
  registerProcessMetrics(registry, new VirtualClock(1_000_000));
  const lines = await samples(registry, "process_");
  assert.equal(lines[0], "process_start_time_seconds 1000");
  const values = new Map(lines.map((line) => [line.split(" ")[0], Number(line.split(" ")[1])]));
  for (const name of ["process_resident_memory_bytes", "process_heap_bytes", "process_cpu_seconds_total"]) {
    assert.ok((values.get(name) ?? 0) > 0, `${name} is positive`);
  }
});

Deno.test("metrics stay out of the global registry", () => {
  assert.deepEqual(register.getMetricsAsArray(), []);
});
