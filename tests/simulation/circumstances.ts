import type { Shard } from "../../mod.ts";
import type { SharderSettings, TestShardSettings, TestStage } from "../../testing.ts";

/** What is special about a simulated cluster. */
export interface Circumstances {
  /** Gets between the processes and the API server. */
  readonly install?: (stage: TestStage) => void;
  /** Settings of the sharders. */
  readonly sharder?: SharderSettings;
  /** Settings of the shards. */
  readonly shard?: Partial<TestShardSettings>;
  /** What the shards do in place of the usual worker. */
  readonly setUp?: (shard: Shard) => void;
}
