import { Api } from "../k8s/api/api.ts";
import type { RestClient } from "../k8s/contract.ts";
import { leases } from "../k8s/kinds/coordination.ts";
import { type ElectionObserver, type ElectionTiming, LeaderElector, LeaseLock } from "../runtime/election/mod.ts";
import { EventRecorder } from "../runtime/events/mod.ts";
import { type LeadershipGate, Manager } from "../runtime/manager.ts";
import type { Runnable } from "../runtime/runnable.ts";
import { type Clock, systemClock } from "../util/clock/mod.ts";
import { getLogger, type Logger } from "../util/log.ts";
import { type Random, systemRandom } from "../util/random.ts";
import { GuardedClient } from "./guarded_client.ts";
import { Shard } from "./shard.ts";
import { createShardLease, defaultShardTiming } from "./shard_lease.ts";
import type { ShardGroup, ShardObservers } from "./shard_parts.ts";

/** What a connection is for. */
export interface ShardConnection {
  /** "lease": the Lease and nothing else; it must not be rate-limited. "work": everything else. */
  readonly purpose: "lease" | "work";
  /** How the connection is to introduce itself. */
  readonly userAgent: string;
}

/** Settings of {@link runShard}. */
export interface ShardOptions {
  /** Name of the ControllerRing. */
  readonly ring: string;
  /** Name of this shard and of its Lease: no other process may use it at the same time. See `defaultShardName()`. */
  readonly shardName: string;
  /** Where the Lease is. See `defaultLeaseNamespace()`. */
  readonly leaseNamespace: string;
  /** Sets up the controllers. */
  readonly setUp: (shard: Shard) => void;
  /** Opens a connection of its own for each purpose, so that no work holds up the renewals. Both are closed at the end. */
  readonly connect: (connection: ShardConnection) => RestClient;
  /** How connections and events introduce themselves: the name of the program. @default the name of the ring */
  readonly userAgent?: string;
  /** Only objects of this namespace; without it those of all. */
  readonly namespace?: string;
  /** How long the Lease lasts, and when it is renewed. @default defaultShardTiming */
  readonly timing?: ElectionTiming;
  /** Gives the Lease back at the end, so that the objects move at once. @default true */
  readonly releaseOnStop?: boolean;
  /** Time for reconciles in flight to finish after a stop, in milliseconds. @default 5_000 */
  readonly gracePeriod?: number;
  /** Name of the Lease for what runs in one process of the ring only. @default `<ring>-leader` */
  readonly leaderLease?: string;
  /** Time of everything that the shard does. @default the machine's */
  readonly clock?: Clock;
  /** Jitter and names. @default the machine's */
  readonly random?: Random;
  /** Hears of everything, with the names of ring and shard. @default the logger `sharding.shard` */
  readonly logger?: Logger;
  /** Hear what the parts do, for measurements. */
  readonly observers?: ShardObservers & { readonly election?: ElectionObserver };
}

/**
 * Runs sharded controllers: keeps the shard's Lease, and while it is held, watches this shard's own objects, calls the
 * reconcilers for them, and acknowledges drains. When `signal` aborts, work in flight may finish within the grace
 * period; only after all work has ended the Lease is released.
 *
 * @throws LeadershipLostError when the Lease is lost: all work has been given up, and the process should exit.
 * @throws WorkNotStoppedError when work did not end in time; the Lease then is not released, but left to expire.
 * @throws RangeError when the shard's name or the timing does not do.
 */
export async function runShard(options: ShardOptions, signal: AbortSignal): Promise<void> {
  const { ring, shardName: shard, leaseNamespace, namespace, connect, userAgent = ring, observers = {} } = options;
  const { clock = systemClock, random = systemRandom, gracePeriod = 5_000 } = options;
  const logger = (options.logger ?? getLogger(["sharding", "shard"])).with({ ring, shard });
  using leaseClient = connect({ purpose: "lease", userAgent: `${userAgent}/shard-lease` });
  using workClient = connect({ purpose: "work", userAgent });
  const lease = createShardLease({
    ...leaseSettings(options),
    ring,
    shard,
    client: leaseClient,
    clock,
    random,
    logger,
  });
  const { leaderLease = `${ring}-leader`, timing = defaultShardTiming } = options;
  const lock = new LeaseLock({ api: new Api(leaseClient, leases), namespace: leaseNamespace, lease: leaderLease });
  const leader = new LeaderElector({ lock, identity: shard, ...timing, clock, random, logger });
  const led = guard(leader, workClient, clock);
  const sharded = guard(lease, workClient, clock);
  const gates: Record<Exclude<ShardGroup, "always">, LeadershipGate> = { leader: led.gate, sharded: sharded.gate };
  const clients = { always: workClient, leader: led.client, sharded: sharded.client };
  const manager = new Manager({ gates, gracefulShutdown: gracePeriod, clock, logger });
  const add = (runnable: Runnable, group: ShardGroup): void => manager.add(runnable, group);
  // Not through the fence: also a shard that has just lost its Lease may tell what it did.
  const reporter = { controller: userAgent, instance: shard };
  const events = new EventRecorder({ client: workClient, reporter, clock, random, logger });
  manager.add(events);
  const where = namespace === undefined ? {} : { namespace };
  options.setUp(new Shard({ ring, shard, clients, events, clock, random, logger, observers, add, ...where }));
  await manager.run(signal);
}

/** A client that writes only while a Lease is good, and gives up its writes when that is lost. */
function guard(
  elector: LeaderElector,
  workClient: RestClient,
  clock: Clock,
): { readonly client: GuardedClient; readonly gate: LeadershipGate } {
  const { name } = elector;
  const client = new GuardedClient({ client: workClient, fence: elector, lease: name, clock });
  const gate: LeadershipGate = {
    name,
    run: (signal, lead) =>
      elector.run(signal, (term, lost) => {
        lost.addEventListener("abort", () => client.abortWrites(), { once: true });
        return lead(term, lost);
      }),
  };
  return { client, gate };
}

function leaseSettings(
  { leaseNamespace, timing, releaseOnStop, observers }: ShardOptions,
): Pick<Parameters<typeof createShardLease>[0], "leaseNamespace" | "timing" | "releaseOnStop" | "observer"> {
  return {
    leaseNamespace,
    ...(timing === undefined ? {} : { timing }),
    ...(releaseOnStop === undefined ? {} : { releaseOnStop }),
    ...(observers?.election === undefined ? {} : { observer: observers.election }),
  };
}
