import type { Shard } from "../../../mod.ts";
import type { SharderSettings, TestShardSettings, TestStage } from "../../../testing.ts";
import type { Guarantee } from "../checker/violation.ts";

/** Something that is deliberately wrong with a simulated cluster, to see that the checker notices. */
export interface Defect {
  /** What is wrong, as a sentence. */
  readonly name: string;
  /** The guarantee that is broken by that. */
  readonly breaks: Guarantee;
  /** Gets between the processes and the API server. */
  readonly install?: (stage: TestStage) => void;
  /** Settings of the sharders. */
  readonly sharder?: SharderSettings;
  /** Settings of the shards. */
  readonly shard?: Partial<TestShardSettings>;
  /** What the shards do in place of the usual worker. */
  readonly setUp?: (shard: Shard) => void;
}

/** Nothing is wrong. */
export const noDefect: Omit<Defect, "breaks"> = { name: "none" };
