import { admissionLine } from "./lines/admission.ts";
import { admissionLeasesLine } from "./lines/admission_leases.ts";
import { coldStartLine } from "./lines/cold_start.ts";
import { costsLine } from "./lines/costs.ts";
import { cpuLimitLine } from "./lines/cpu_limit.ts";
import { createLine } from "./lines/create.ts";
import type { Line } from "./line.ts";
import { membershipLine } from "./lines/membership.ts";
import { recoveryLine } from "./lines/recovery.ts";
import { resyncLine } from "./lines/resync.ts";
import { rollingUpdateLine } from "./lines/rolling_update.ts";
import { selectorWatchesLine } from "./lines/selector_watches.ts";
import { shardLine } from "./lines/shard.ts";

/** All that `deno task load` can measure, in the order in which it does. One file each, in lines/. */
export const lines: readonly Line[] = [
  coldStartLine,
  admissionLine,
  admissionLeasesLine,
  createLine,
  cpuLimitLine,
  resyncLine,
  membershipLine,
  rollingUpdateLine,
  recoveryLine,
  shardLine,
  selectorWatchesLine,
  costsLine,
];
