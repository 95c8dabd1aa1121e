import { Counter, exponentialBuckets, Gauge, Histogram, type Registry } from "./prom_client.ts";
import type { QueueGauges, QueueObserver } from "../queue/mod.ts";

/** Measures work queues under controller-runtime's names; the labels `name` and `controller` say the same. */
export function queueMetrics(registry: Registry): QueueObserver {
  const registers = [registry];
  const labelNames = ["name", "controller"] as const;
  const buckets = exponentialBuckets(10e-9, 10, 12);
  const queues = new Map<string, QueueGauges>();
  const labels = (queue: string): { name: string; controller: string } => ({ name: queue, controller: queue });
  const adds = new Counter({
    name: "workqueue_adds_total",
    help: "Total number of adds handled by workqueue",
    labelNames,
    registers,
  });
  const retries = new Counter({
    name: "workqueue_retries_total",
    help: "Total number of retries handled by workqueue",
    labelNames,
    registers,
  });
  const waited = new Histogram({
    name: "workqueue_queue_duration_seconds",
    help: "How long in seconds an item stays in workqueue before being requested",
    labelNames,
    buckets,
    registers,
  });
  const worked = new Histogram({
    name: "workqueue_work_duration_seconds",
    help: "How long in seconds processing an item from workqueue takes.",
    labelNames,
    buckets,
    registers,
  });
  new Gauge({
    name: "workqueue_depth",
    help: "Current depth of workqueue by workqueue and priority",
    labelNames: [...labelNames, "priority"],
    registers,
    collect(): void {
      for (const [queue, { depth }] of queues) this.set({ ...labels(queue), priority: "" }, depth);
    },
  });
  new Gauge({
    name: "workqueue_unfinished_work_seconds",
    help: "How many seconds of work has been done that is in progress and hasn't been observed by work_duration.",
    labelNames,
    registers,
    collect(): void {
      for (const [queue, gauges] of queues) this.set(labels(queue), gauges.unfinished().totalSeconds);
    },
  });
  new Gauge({
    name: "workqueue_longest_running_processor_seconds",
    help: "How many seconds has the longest running processor for workqueue been running.",
    labelNames,
    registers,
    collect(): void {
      for (const [queue, gauges] of queues) this.set(labels(queue), gauges.unfinished().longestSeconds);
    },
  });
  return {
    onCreate(queue, gauges): void {
      queues.set(queue, gauges);
      adds.inc(labels(queue), 0);
      retries.inc(labels(queue), 0);
      waited.zero(labels(queue));
      worked.zero(labels(queue));
    },
    onAdd: (queue) => adds.inc(labels(queue)),
    onRetry: (queue) => retries.inc(labels(queue)),
    onTake: (queue, seconds) => waited.observe(labels(queue), seconds),
    onDone: (queue, seconds) => worked.observe(labels(queue), seconds),
  };
}
