import type { Shard } from "../../mod.ts";
import type { Report } from "./checker/violation.ts";
import type { SharderSettings, TestShardSettings, TestStage } from "../../testing.ts";

/** What is special about a simulated cluster. */
export interface Circumstances {
  /** Makes what is there before anything begins. */
  readonly prepare?: (stage: TestStage) => Promise<void>;
  /** Gets between the processes and the API server; what it returns is disposed of when all faults end. */
  readonly install?: (stage: TestStage, report: Report) => void | Disposable;
  /** Settings of the sharders. */
  readonly sharder?: SharderSettings;
  /** Settings of the shards. */
  readonly shard?: Partial<TestShardSettings>;
  /** What the shards do in place of the usual worker. */
  readonly setUp?: (shard: Shard) => void;
}

/** The same circumstances with something more in them. */
export function withInstall(circumstances: Circumstances, install: (stage: TestStage) => Disposable): Circumstances {
  return {
    ...circumstances,
    install: (stage, report) => {
      const stack = new globalThis.DisposableStack();
      const first = circumstances.install?.(stage, report);
      if (first !== undefined) stack.use(first);
      stack.use(install(stage));
      return stack;
    },
  };
}
