/**
 * Measurements under the names, labels and buckets that client-go and controller-runtime use, on a registry of their
 * own, never the global one. The measured parts know only observer interfaces.
 */
export { Registry } from "./prom_client.ts";
export { type CollectedOptions, registerCounter, registerGauge } from "./collected.ts";
export { clientMetrics } from "./client_metrics.ts";
export { controllerMetrics } from "./controller_metrics.ts";
export { electionMetrics } from "./election_metrics.ts";
export { eventLoopLag } from "./event_loop_lag.ts";
export { metricsHandler, metricsPath } from "./metrics_handler.ts";
export { registerProcessMetrics } from "./process_metrics.ts";
export { queueMetrics } from "./queue_metrics.ts";
export { type Labels, registerTallies, type TalliesOptions, Tally } from "./tally.ts";
