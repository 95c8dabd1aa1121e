import process from "node:process";
import { Counter, Gauge, type Registry } from "./prom_client.ts";
import type { Clock } from "../../util/clock/mod.ts";

/**
 * The few measurements of the process that are right on this runtime, under Prometheus' usual names. (prom-client's
 * own default set reports nonsense for the event loop here.)
 */
export function registerProcessMetrics(registry: Registry, clock: Clock): void {
  const registers = [registry];
  const started = new Gauge({
    name: "process_start_time_seconds",
    help: "Start time of the process since unix epoch in seconds.",
    registers,
  });
  started.set(clock.now() / 1_000);
  new Gauge({
    name: "process_resident_memory_bytes",
    help: "Resident memory size in bytes.",
    registers,
    collect(): void {
      this.set(process.memoryUsage().rss);
    },
  });
  new Gauge({
    name: "process_heap_bytes",
    help: "Heap size in use, in bytes.",
    registers,
    collect(): void {
      this.set(process.memoryUsage().heapUsed);
    },
  });
  new Counter({
    name: "process_cpu_seconds_total",
    help: "Total user and system CPU time spent in seconds.",
    registers,
    collect(): void {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
}
