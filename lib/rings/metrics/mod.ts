/** Measurements of rings, shards and their objects: the reference's names and our own (docs/monitoring.md). */
export { type AdmissionMeasurement, AdmissionMetrics } from "./admission_metrics.ts";
export { calculationMetrics } from "./calculation_metrics.ts";
export { MoveMetrics } from "./move_metrics.ts";
export type { DrainCount, HeldBack, RingWork, RingWorkSource, ShardCount } from "./ring_work.ts";
export { registerStateMetrics, type StateMetricsOptions } from "./state_metrics.ts";
export { registerWorkMetrics } from "./work_metrics.ts";
