import type { RestClient } from "../../lib/k8s/contract.ts";
import type { PartialObjectMetadata } from "../../lib/k8s/types.ts";
import type { RingSnapshot, RingTroubles } from "../../lib/rings/mod.ts";
import type { Logger } from "../../lib/util/log.ts";
import type { Chore } from "./chore.ts";
import type { SharderObserver } from "./ring_ledger.ts";
import type { WatchParts } from "./watches/selector_watch.ts";
import type { SharderSettings } from "./settings.ts";
import type { ResourceLookup } from "./targets.ts";

/** What a RingSharder works with. */
export interface RingSharderParts extends WatchParts {
  /** Name of the ring. */
  readonly ring: string;
  readonly snapshot: () => RingSnapshot | undefined;
  readonly client: RestClient;
  readonly lookup: ResourceLookup;
  readonly settings: SharderSettings;
  readonly moves: SharderObserver;
  /** Asks to be called again at once. */
  readonly wake: () => void;
  /** Objects of this shard cannot move before its Lease is taken over. */
  readonly onUnjudged: (shard: string) => void;
  /** Hears of each failure of an object or a resource; there may be many. */
  readonly onFailed?: (error: unknown) => void;
  /** Hears that an object was found without a shard, just after it came to be or was changed. */
  readonly onWithoutShard?: (object: PartialObjectMetadata) => void;
  /** Where to say what is wrong with the ring. @default only the log says so */
  readonly troubles?: Pick<RingTroubles, "set"> | undefined;
  /** What is done after each pass and in between. @default nothing */
  readonly chores?: readonly Chore[];
  readonly logger: Logger;
}
