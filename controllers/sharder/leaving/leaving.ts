import { Api } from "../../../lib/k8s/api/api.ts";
import type { RestClient } from "../../../lib/k8s/contract.ts";
import { leases } from "../../../lib/k8s/kinds/coordination.ts";
import type { MutatingWebhookConfiguration, ObjectKey } from "../../../lib/k8s/types.ts";
import type { RingChange, Rings } from "../../../lib/rings/mod.ts";
import type { RingTroubles } from "../../../lib/rings/troubles.ts";
import {
  Controller,
  type ControllerObserver,
  type Enqueue,
  type ReconcileContext,
  type ReconcileResult,
  type Source,
} from "../../../lib/runtime/controller/mod.ts";
import type { EventRecorder } from "../../../lib/runtime/events/mod.ts";
import { ExponentialLimiter, type QueueObserver } from "../../../lib/runtime/queue/mod.ts";
import type { Runnable } from "../../../lib/runtime/runnable.ts";
import type { ControllerRing } from "../../../lib/sharding/ring_types.ts";
import type { Clock } from "../../../lib/util/clock/mod.ts";
import { getLogger } from "../../../lib/util/log.ts";
import type { Random } from "../../../lib/util/random.ts";
import { RingFinalizer } from "../../controller_ring/finalizer.ts";
import { LeaseProbe } from "../lease_probe.ts";
import type { LeavingConfigurations } from "./configuration_record.ts";
import { type LeavingSettings, RingLeaving } from "./ring_leaving.ts";
import type { MoveObserver } from "../mover.ts";
import type { ResourceLookup } from "../targets.ts";

/** What {@link Leaving} works with. */
export interface LeavingParts {
  readonly rings: Rings;
  /** The webhook configurations of rings. */
  readonly configurations: LeavingConfigurations;
  /** Tells of rings whose webhook configuration has changed. */
  readonly configurationChanges: Source;
  readonly client: RestClient;
  readonly ringApi: Api<ControllerRing>;
  readonly configurationApi: Api<MutatingWebhookConfiguration>;
  readonly lookup: ResourceLookup;
  readonly settings: LeavingSettings & {
    /** Keep rings that are deleted until their objects have lost the ring's labels. */
    readonly ringFinalizer: boolean;
    /** The only namespaces in which Leases of shards may be read. @default all */
    readonly leaseNamespaces?: readonly string[];
  };
  readonly troubles: Pick<RingTroubles, "set">;
  readonly recorder: Pick<EventRecorder, "record">;
  readonly clock: Clock;
  readonly random: Random;
  readonly moves?: MoveObserver;
  readonly observer?: ControllerObserver;
  readonly queueObserver?: QueueObserver;
}

/** Rings that are looked after at the same time. */
const workers = 5;

/** First and longest pause after a failure, in milliseconds. */
const retries = { initial: 1_000, max: 30_000 } as const;

/**
 * Takes the labels of all rings off the objects that are not theirs any more: one {@link RingLeaving} for each ring,
 * called by a controller. It outlives the ring, if the ring goes before that is done.
 */
export class Leaving implements Runnable {
  readonly name = "leaving";
  readonly #parts: LeavingParts;

  constructor(parts: LeavingParts) {
    this.#parts = parts;
  }

  async run(signal: AbortSignal, kill?: AbortSignal): Promise<void> {
    const { clock, random, observer, queueObserver, configurationChanges } = this.#parts;
    const term = new Term(this.#parts, signal);
    const controller = new Controller({
      name: this.name,
      reconcile: (key, context) => term.reconcile(key, context),
      sources: [term, configurationChanges],
      workers,
      limiter: new ExponentialLimiter(retries),
      clock,
      random,
      ...(observer === undefined ? {} : { observer }),
      ...(queueObserver === undefined ? {} : { queueObserver }),
    });
    await controller.run(signal, kill);
  }
}

/** The time between becoming the leader and giving that up. */
class Term implements Source {
  readonly name = "changes of rings";
  readonly #parts: LeavingParts;
  readonly #signal: AbortSignal;
  readonly #rings = new Map<string, RingLeaving>();

  constructor(parts: LeavingParts, signal: AbortSignal) {
    this.#parts = parts;
    this.#signal = signal;
  }

  async start(enqueue: Enqueue, signal: AbortSignal): Promise<void> {
    for await (const change of this.#parts.rings.changes(signal)) {
      this.#note(change);
      enqueue({ namespace: "", name: change.ring });
    }
  }

  whenReady(signal: AbortSignal): Promise<void> {
    return this.#parts.rings.whenReady(signal);
  }

  async reconcile({ name }: ObjectKey, { signal }: ReconcileContext): Promise<ReconcileResult> {
    const leaving = this.#rings.get(name) ?? this.#create(name);
    this.#rings.set(name, leaving);
    const pause = await leaving.reconcile(signal);
    if (pause !== "over") return { requeueAfter: pause };
    this.#rings.delete(name);
    return {};
  }

  #note({ ring, kind, namespace }: RingChange): void {
    const leaving = this.#rings.get(ring);
    if (kind === "scope" && namespace !== undefined) leaving?.namespaceChanged(namespace);
    if (kind === "membership" || kind === "judgement") leaving?.shardsChanged();
  }

  #create(ring: string): RingLeaving {
    const { rings, client, moves = {}, ringApi, settings, troubles, clock } = this.#parts;
    const logger = getLogger(["sharding", "sharder", "leaving"]).with({ ring });
    return new RingLeaving({
      ...this.#parts,
      ring,
      finalizer: new RingFinalizer({ ringApi, wanted: settings.ringFinalizer, troubles, clock, logger }),
      probe: new LeaseProbe(new Api(client, leases), ring, this.#signal, {
        namespaces: settings.leaseNamespaces,
        admits: (namespace) => rings.get(ring)?.admits(namespace) ?? true,
      }),
      moves,
      logger,
    });
  }
}
