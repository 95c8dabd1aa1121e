import type { RestClient } from "../k8s/contract.ts";
import type { Clock } from "../util/clock/mod.ts";
import type { Random } from "../util/random.ts";

/** What every controller of workloads works with. */
export interface WorkloadContext {
  readonly client: RestClient;
  readonly clock: Clock;
  readonly random: Random;
  /** Who owns the fields that the controllers write. */
  readonly fieldManager: string;
}
