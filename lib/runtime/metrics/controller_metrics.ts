import { Counter, Gauge, Histogram, type Registry } from "./prom_client.ts";
import type { ControllerObserver, ReconcileOutcome } from "../controller/mod.ts";

/** controller-runtime's buckets of reconcile times, in seconds. */
const durations = [
  ...[0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1],
  ...[1.25, 1.5, 1.75, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60],
];

const outcomes: readonly ReconcileOutcome[] = ["success", "error", "requeue", "requeue_after"];

/** Measures controllers under controller-runtime's names. */
export function controllerMetrics(registry: Registry): ControllerObserver {
  const registers = [registry];
  const labelNames = ["controller"] as const;
  const total = new Counter({
    name: "controller_runtime_reconcile_total",
    help: "Total number of reconciliations per controller",
    labelNames: [...labelNames, "result"],
    registers,
  });
  const errors = new Counter({
    name: "controller_runtime_reconcile_errors_total",
    help: "Total number of reconciliation errors per controller",
    labelNames,
    registers,
  });
  const terminalErrors = new Counter({
    name: "controller_runtime_terminal_reconcile_errors_total",
    help: "Total number of terminal reconciliation errors per controller",
    labelNames,
    registers,
  });
  const panics = new Counter({
    name: "controller_runtime_reconcile_panics_total",
    help: "Total number of reconciliation panics per controller",
    labelNames,
    registers,
  });
  const time = new Histogram({
    name: "controller_runtime_reconcile_time_seconds",
    help: "Length of time per reconciliation per controller",
    labelNames,
    buckets: durations,
    registers,
  });
  const max = new Gauge({
    name: "controller_runtime_max_concurrent_reconciles",
    help: "Maximum number of concurrent reconciles per controller",
    labelNames,
    registers,
  });
  const active = new Gauge({
    name: "controller_runtime_active_workers",
    help: "Number of currently used workers per controller",
    labelNames,
    registers,
  });
  return {
    onCreate(controller, workers): void {
      max.set({ controller }, workers);
      active.set({ controller }, 0);
      // Series exist from the start, so that rates see the first error too.
      for (const result of outcomes) total.inc({ controller, result }, 0);
      for (const counter of [errors, terminalErrors, panics]) counter.inc({ controller }, 0);
      time.zero({ controller });
    },
    onActive: (controller, workers) => active.set({ controller }, workers),
    onReconciled(controller, { outcome, seconds, terminal, panic }): void {
      total.inc({ controller, result: outcome });
      time.observe({ controller }, seconds);
      if (outcome === "error") errors.inc({ controller });
      if (terminal) terminalErrors.inc({ controller });
      if (panic) panics.inc({ controller });
    },
  };
}
