import type { Coefficients } from "./coefficients.ts";

/** Costs measured on 2026-11-21 and 22; docs/scaling.md says how. */
export const measured: Coefficients = {
  admissionCpu: 0.32e-3,
  leaseEventCpu: 0.37e-3,
  auditedObjectCpu: 11.6e-6,
  moveCpu: 0.57e-3,
  sharderBytes: 71e6,
  bytesPerShard: 27e3,
  bytesPerNamespace: 0.5e3,
  busyBytes: 64e6,
  shardBytes: 63e6,
  bytesPerCachedObject: 3.8e3,
  createCpu: 1.2e-3,
  writeCpu: 3.5e-3,
  listedObjectCpu: 13.8e-6,
  comparedCpu: 3.2e-6,
  sentCpu: 36e-6,
  renewInterval: 2,
};
