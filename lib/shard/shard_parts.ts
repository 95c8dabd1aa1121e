import type { RestClient } from "../k8s/contract.ts";
import type { ControllerObserver } from "../runtime/controller/mod.ts";
import type { EventRecorder } from "../runtime/events/mod.ts";
import type { QueueObserver } from "../runtime/queue/mod.ts";
import type { Runnable } from "../runtime/runnable.ts";
import type { WatchObserver } from "../runtime/watch/mod.ts";
import type { Clock } from "../util/clock/mod.ts";
import type { Logger } from "../util/log.ts";
import type { Random } from "../util/random.ts";
import type { ReconcileObserver } from "./reconcile_observer.ts";
import type { ShardIdentity } from "./shard_labels.ts";

/** When something runs: always, only in the one process that leads, or only while the shard holds its Lease. */
export type ShardGroup = "always" | "leader" | "sharded";

/** Hear what the parts of a shard do; measurements hang here. */
export interface ShardObservers {
  /** Hears how many workers each controller has, how many are busy, and how its calls end. */
  readonly controller?: ControllerObserver;
  /** Hears what goes in and out of the queues of the controllers. */
  readonly queue?: QueueObserver;
  /** Hears of lists, watches and their failures. */
  readonly watch?: WatchObserver;
  /** Hears for which object a reconciler is called, and how the call ends. */
  readonly reconcile?: ReconcileObserver;
}

/** Tells people what happened to an object. Never throws, never waits. */
export type ShardEvents = Pick<EventRecorder, "record">;

/** Parts of a {@link Shard}. */
export interface ShardParts extends ShardIdentity {
  /** For each group the client that its work may write with. */
  readonly clients: Readonly<Record<ShardGroup, RestClient>>;
  /** Records events on objects. */
  readonly events: ShardEvents;
  /** Only objects of this namespace; without it those of all. */
  readonly namespace?: string;
  /** Time of everything that the shard does. */
  readonly clock: Clock;
  /** Jitter and names. */
  readonly random: Random;
  /** Logs with the names of ring and shard. */
  readonly logger: Logger;
  /** Hear what the parts do, for measurements. */
  readonly observers?: ShardObservers;
  /** Takes what shall run. */
  readonly add: (runnable: Runnable, group: ShardGroup) => void;
}
