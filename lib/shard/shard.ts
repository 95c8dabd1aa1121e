import { Api } from "../k8s/api/api.ts";
import type { RestClient } from "../k8s/contract.ts";
import { formatGroupResource, type Resource } from "../k8s/api/resource.ts";
import type { KubeObject, ObjectKey } from "../k8s/types.ts";
import { Controller, fromInformer, ownerKeys, type Predicate, type Source } from "../runtime/controller/mod.ts";
import { ExponentialLimiter } from "../runtime/queue/mod.ts";
import type { Runnable } from "../runtime/runnable.ts";
import { dropManagedFields, type IndexFunction, Informer, type StoreReader } from "../runtime/watch/mod.ts";
import type { Clock } from "../util/clock/mod.ts";
import type { Random } from "../util/random.ts";
import { Arrivals } from "./arrivals.ts";
import { acknowledgeDrains } from "./drain_acknowledgement.ts";
import { KeyGate } from "./key_gate.ts";
import type { ShardCache } from "./shard_cache.ts";
import { observed } from "./reconcile_observer.ts";
import { ownershipOf, type ShardIdentity, shardSelector } from "./shard_labels.ts";
import type { ShardEvents, ShardGroup, ShardParts } from "./shard_parts.ts";
import { shardPredicate } from "./shard_predicate.ts";
import { shardedReconciler, type ShardReconcile } from "./sharded_reconciler.ts";
import { WakeSource } from "./wake_source.ts";

/** Settings of a cache. */
export interface ShardCacheOptions<T> {
  /** Indices of the store by name. */
  readonly indices?: Readonly<Record<string, IndexFunction<T>>>;
  /** Keeps less of each object, to save memory. @default drops managedFields and the last-applied annotation */
  readonly transform?: (object: T) => T;
  /** Every so many milliseconds all objects are looked at again. @default never */
  readonly resyncPeriod?: number;
}

/** A reconciler and what it is called for. */
export interface ShardedController<T extends KubeObject> {
  /** Names the controller in logs and measurements. */
  readonly name: string;
  /** Called for each main object of this shard. */
  readonly reconcile: ShardReconcile<T>;
  /** Objects that are worked on at the same time. @default 1 */
  readonly workers?: number;
  /** Controlled resources: their events concern the main object that is their controller. */
  readonly owns?: readonly Pick<ShardCache<KubeObject>, "resource" | "informer">[];
  /** Events of main objects for which one of them does not hold are passed over. */
  readonly predicates?: readonly Predicate<T>[];
  /** See {@link ShardedReconcilerParts.onReleased}. */
  readonly onReleased?: (key: ObjectKey) => void;
}

/**
 * Drains that are acknowledged at the same time. All shards of a ring do so, and one sharder brings the children after
 * what they let go of: when these go too fast for it on a busy API server, families are apart for longer.
 */
const drainWorkers = 5;

/** Longest pause before a failed acknowledgement is tried again, in milliseconds: the sharder waits for it. */
const longestDrainPause = 10_000;

/**
 * A half-open connection is noticed after about so long, in milliseconds: until then drains and changes go unseen,
 * while the Lease says that all is well. Opening a watch again costs the API server little.
 */
const watchTimeout = 60_000;

/** What an author's code sees of the shard while it sets up its controllers. See {@link runShard}. */
export class Shard implements ShardIdentity {
  readonly ring: string;
  readonly shard: string;
  /** Reads always, writes only while the shard may: for API classes of the author's own. */
  readonly client: RestClient;
  /** Records events on objects. */
  readonly events: ShardEvents;
  /** The time, for reconcilers that wait. */
  readonly clock: Clock;
  /** Random numbers, for reconcilers that draw. */
  readonly random: Random;
  readonly #parts: ShardParts;
  /** One for each main resource, however many controllers and caches it has. */
  readonly #drains = new Map<string, Drains>();

  /** Made by {@link runShard}. */
  constructor(parts: ShardParts) {
    const { ring, shard, clients, events, clock, random } = parts;
    this.ring = ring;
    this.shard = shard;
    this.client = clients.sharded;
    this.events = events;
    this.clock = clock;
    this.random = random;
    this.#parts = parts;
  }

  /** Keeps a live copy of this shard's objects of a resource. */
  cache<T extends KubeObject>(resource: Resource<T>, options: ShardCacheOptions<T> = {}): ShardCache<T> {
    const { namespace, clock, random, logger, observers = {}, add } = this.#parts;
    const { indices, transform = dropManagedFields, resyncPeriod } = options;
    const api = new Api(this.client, resource).inNamespace(resource.namespaced ? namespace : undefined);
    const informer = new Informer(api, {
      clock,
      random,
      logger,
      labelSelector: shardSelector(this),
      transform,
      watchTimeout,
      ...(indices === undefined ? {} : { indices }),
      ...(resyncPeriod === undefined ? {} : { resyncPeriod }),
      ...(observers.watch === undefined ? {} : { observer: observers.watch }),
    });
    // Only while the Lease is held: a copy from before may still show objects that were moved away meanwhile.
    add({ name: `cache of ${formatResource(resource)}`, run: (signal) => informer.run(signal) }, "sharded");
    return { resource, store: informer.store, informer, api };
  }

  /** Calls a reconciler for this shard's main objects of a resource, and takes care of their drains. */
  control<T extends KubeObject>(main: ShardCache<T>, controller: ShardedController<T>): void {
    const { name, reconcile, workers = 1, owns = [], predicates = [], onReleased } = controller;
    const { clock, random, logger, observers = {}, add } = this.#parts;
    const { resource, informer, store, api } = main;
    const common = {
      clock,
      random,
      logger,
      ...(observers.controller === undefined ? {} : { observer: observers.controller }),
      ...(observers.queue === undefined ? {} : { queueObserver: observers.queue }),
    };
    const wake = new WakeSource("after a drain");
    const owned = owns.map((cache) =>
      fromInformer(cache.informer, {
        name: formatResource(cache.resource),
        keys: ownerKeys({ group: resource.group, kind: resource.kind, namespaced: resource.namespaced }),
      })
    );
    const arrivals = new Arrivals(clock, owns.length > 0);
    const events = fromInformer(informer, {
      name: formatResource(resource),
      predicates: [shardPredicate(this, ...predicates)],
      pause: arrivals.pause,
    });
    const gate = this.#gateFor(main, common);
    const { ring, shard } = this;
    const reconciler = observed(name, reconcile, observers.reconcile);
    const parts = { ring, shard, store, api, gate, wake, takeNewborn: arrivals.takeNewborn, reconcile: reconciler };
    const sharded = shardedReconciler(onReleased === undefined ? parts : { ...parts, onReleased });
    add(new Controller({ ...common, name, reconcile: sharded, workers, sources: [events, wake, ...owned] }), "sharded");
  }

  /**
   * Lets something else run in this process: "always", "sharded" only while the shard holds its Lease, or "leader"
   * only in the one process of the ring that holds the leader's Lease.
   */
  add(runnable: Runnable, group: ShardGroup): void {
    this.#parts.add(runnable, group);
  }

  /**
   * The client for what runs in a group: "sharded" writes only while the shard's Lease is good, "leader" while the
   * leader's is, "always" at any time.
   */
  clientFor(group: ShardGroup): RestClient {
    return this.#parts.clients[group];
  }

  /** The gate of a main resource; with the first one comes the controller that acknowledges its drains. */
  #gateFor<T extends KubeObject>(
    main: ShardCache<T>,
    common: Pick<ShardParts, "clock" | "random" | "logger">,
  ): KeyGate {
    const { resource, informer, store, api } = main;
    const name = formatResource(resource);
    const drains = this.#drains.get(name) ?? this.#addDrains(name, api, common);
    if (!drains.stores.includes(store)) {
      const predicates: Predicate<T>[] = [
        ({ type, object }) => type !== "deleted" && ownershipOf(object, this) === "draining",
      ];
      drains.stores.push(store);
      drains.sources.push(fromInformer(informer, { name, predicates }));
    }
    return drains.gate;
  }

  /** Its stores and sources may be added until it runs. */
  #addDrains<T extends KubeObject>(
    name: string,
    api: Api<T>,
    common: Pick<ShardParts, "clock" | "random" | "logger">,
  ): Drains {
    const { ring, shard } = this;
    const wake = new WakeSource("after work");
    const drains: Drains = { gate: new KeyGate(), stores: [], sources: [wake] };
    const { gate, stores, sources } = drains;
    const controller = new Controller({
      ...common,
      name: `${name}-drain`,
      reconcile: acknowledgeDrains({ ring, shard, stores, api, gate, wake }),
      workers: drainWorkers,
      limiter: new ExponentialLimiter({ max: longestDrainPause }),
      sources,
    });
    this.#parts.add(controller, "sharded");
    this.#drains.set(name, drains);
    return drains;
  }
}

/** What the work on the objects of a main resource and the acknowledgement of their drains share. */
interface Drains {
  readonly gate: KeyGate;
  /** Each cache's that work begins from. */
  readonly stores: StoreReader<KubeObject>[];
  readonly sources: Source[];
}

function formatResource({ group, plural }: Resource<KubeObject>): string {
  return formatGroupResource({ group, resource: plural });
}
