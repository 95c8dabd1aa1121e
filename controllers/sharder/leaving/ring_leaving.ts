import type { RestClient } from "../../../lib/k8s/contract.ts";
import type { Rings, RingSnapshot } from "../../../lib/rings/mod.ts";
import type { RingTroubles } from "../../../lib/rings/troubles.ts";
import type { EventRecorder } from "../../../lib/runtime/events/mod.ts";
import type { ControllerRing } from "../../../lib/sharding/ring_types.ts";
import type { Clock } from "../../../lib/util/clock/mod.ts";
import { describeError, type Logger } from "../../../lib/util/log.ts";
import type { RingFinalizer } from "../../controller_ring/finalizer.ts";
import type { LeaseProbe } from "../lease_probe.ts";
import { LeavingConfiguration, type LeavingConfigurationParts } from "./configuration_record.ts";
import { lookAtLeaving } from "./look.ts";
import { isOutside, leavingReads, type LeavingSweep } from "./reads.ts";
import { type LabelledResource, LabelledResources } from "./labelled_resources.ts";
import type { LeavingResult } from "./look_result.ts";
import { mustGiveUp } from "./patience.ts";
import { LeavingSchedule } from "./schedule.ts";
import { leavingTroubles } from "./leaving_troubles.ts";
import { viewWithoutRing } from "./view_without_ring.ts";
import type { MoveObserver } from "../mover.ts";
import type { ResourceLookup } from "../targets.ts";

/** Settings of what happens to objects that leave a ring. */
export interface LeavingSettings {
  /** It is looked for objects that somebody else has labelled outside of the ring after so long, in milliseconds. */
  readonly syncPeriod: number;
  /** Most objects of a ring that are written at the same time. */
  readonly concurrentMoves: number;
  /** Most objects that one shard may have been asked to let go of. */
  readonly maxPendingDrains: number;
}

/** What a {@link RingLeaving} works with. */
export interface RingLeavingParts extends LeavingConfigurationParts {
  /** Name of the ring. */
  readonly ring: string;
  readonly rings: Pick<Rings, "get" | "leasesOf" | "stateOf" | "findLease">;
  readonly finalizer: RingFinalizer;
  readonly client: RestClient;
  readonly lookup: ResourceLookup;
  readonly probe: Pick<LeaseProbe, "find">;
  readonly moves: MoveObserver;
  readonly troubles: Pick<RingTroubles, "set">;
  readonly recorder: Pick<EventRecorder, "record">;
  readonly settings: LeavingSettings;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What usually goes by itself is a trouble after so long, in milliseconds. */
const longWait = 30_000;

/** Failures that are remembered, so as not to log them again. */
const keptFailures = 100;

/** After what was done it is looked again for what is due, so long after, in milliseconds. */
const nextStep = 1_000;

/** Who says why labels stay. */
const source = "leaving";

/** Takes a ring's labels off the objects that are not the ring's any more. Only the leading sharder has these. */
export class RingLeaving {
  readonly #parts: RingLeavingParts;
  readonly #labelled = new LabelledResources();
  readonly #configuration: LeavingConfiguration;
  readonly #schedule: LeavingSchedule;
  /** The ring as it was last. */
  #last: RingSnapshot | undefined;
  /** When the ring was first seen to be deleted, or not to be there, in monotonic milliseconds. */
  #endsSince: number | undefined;
  /** The labels of a ring that is deleted are gone, or were given up. */
  #isReleased = false;
  #sweep: LeavingSweep = { unselected: "routine", namespaces: new Set() };
  #sweptAt: number;
  readonly #beganAt: number;
  /** Failures that were logged. */
  readonly #logged = new Set<string>();

  constructor(parts: RingLeavingParts) {
    this.#parts = parts;
    this.#configuration = new LeavingConfiguration(parts.ring, parts);
    this.#schedule = new LeavingSchedule(parts.clock);
    this.#sweptAt = parts.clock.monotonic();
    this.#beganAt = this.#sweptAt;
  }

  /** Notes that the ring may have ceased to select a namespace. */
  namespaceChanged(namespace: string): void {
    if (this.#parts.rings.get(this.#parts.ring)?.selects(namespace) !== false) return;
    const { unselected, namespaces } = this.#sweep;
    this.#sweep = { unselected, namespaces: new Set([...namespaces, namespace]) };
    this.#schedule.begin();
  }

  /** Notes that shards have come or gone: what waits for them may go on. */
  shardsChanged(): void {
    this.#schedule.hurry();
  }

  /**
   * Does what is due.
   * @returns milliseconds until something is again; "over" when the ring is gone, and nothing is left to be done
   * @throws what keeps the sharder from it for now
   */
  async reconcile(signal: AbortSignal): Promise<number | "over"> {
    const { rings, ring: name, finalizer } = this.#parts;
    const snapshot = rings.get(name);
    this.#notice(snapshot);
    if (this.#last === undefined) return "over";
    if (this.#isReleased) return await this.#end(signal);
    const { ring } = this.#last;
    const configuration = this.#configuration.read();
    if (configuration !== undefined) this.#labelled.learn(configuration);
    // Whoever creates the configuration writes the finalizer before.
    const isKept = this.#endsSince === undefined && (configuration !== undefined || this.#isLate());
    const again = isKept ? await finalizer.keep(ring, signal) : this.#endsSince === undefined ? nextStep : Infinity;
    if (snapshot !== undefined) {
      await this.#configuration.record(this.#labelled.format(), signal);
      if (this.#endsSince !== undefined) await this.#configuration.dropRules(signal);
    }
    const pause = await this.#release(ring, signal);
    return pause === "over" ? pause : Math.min(pause, again);
  }

  /** Had the webhook configuration time enough to be there? */
  #isLate(): boolean {
    return this.#parts.clock.monotonic() >= this.#beganAt + nextStep;
  }

  /** Sees how the ring has changed. */
  #notice(snapshot: RingSnapshot | undefined): void {
    const before = this.#last?.ring;
    const isPresent = snapshot?.ring.metadata.deletionTimestamp === undefined && snapshot !== undefined;
    if (snapshot !== undefined) {
      this.#last = snapshot;
      this.#labelled.learnRing(snapshot.ring);
    }
    if (!isPresent) {
      if (this.#endsSince === undefined) this.#schedule.begin();
      this.#endsSince ??= this.#parts.clock.monotonic();
      return;
    }
    this.#endsSince = undefined;
    this.#isReleased = false;
    const { generation, uid } = snapshot.ring.metadata;
    if (before === undefined || (before.metadata.generation === generation && before.metadata.uid === uid)) return;
    this.#schedule.begin();
    const [old, now] = [before, snapshot.ring].map(({ spec }) => JSON.stringify(spec?.namespaceSelector));
    if (old !== now) this.#sweep = { ...this.#sweep, unselected: "selector" };
  }

  /** Looks at what leaves, when it is time to. */
  async #release(ring: ControllerRing, signal: AbortSignal): Promise<number | "over"> {
    const { clock, settings: { syncPeriod } } = this.#parts;
    if (clock.monotonic() - this.#sweptAt >= syncPeriod && this.#sweep.unselected === "no") {
      this.#sweep = { ...this.#sweep, unselected: "routine" };
    }
    const sweep = this.#sweep;
    const leaving = this.#leaving();
    const isEnding = this.#endsSince !== undefined;
    if (leaving.length === 0 && (isEnding || (sweep.unselected === "no" && sweep.namespaces.size === 0))) {
      if (isEnding) return await this.#end(signal);
      return Math.max(this.#sweptAt + syncPeriod - clock.monotonic(), nextStep);
    }
    const pause = Math.max(this.#schedule.pause(), this.#configuration.pauseFor(leaving));
    if (pause > 0) return pause;
    const [begin, { revision }] = [clock.monotonic(), this.#schedule];
    const result = await this.#look(sweep, signal);
    const isDone = this.#schedule.looked(result, begin, revision);
    this.#tell(result);
    if (isDone) {
      if (isEnding) return await this.#end(signal);
      for (const { resource } of leaving) this.#labelled.forget(resource);
      this.#sweep = { unselected: "no", namespaces: new Set() };
      this.#sweptAt = begin;
      return nextStep;
    }
    if (!this.#mustGiveUp(ring, result)) return this.#schedule.pause();
    this.#giveUp(ring, result);
    return await this.#end(signal);
  }

  /** The resources that are not the ring's any more. */
  #leaving(): readonly LabelledResource[] {
    const all = this.#labelled.list();
    if (this.#endsSince !== undefined) return all;
    return all.filter(({ resource }) => this.#last?.roleOf(resource) === undefined);
  }

  async #look(sweep: LeavingSweep, signal: AbortSignal): Promise<LeavingResult> {
    const { ring: name, rings, client, lookup, probe, moves, settings } = this.#parts;
    // Nothing belongs to a ring that is being deleted.
    const present = (): RingSnapshot | undefined => {
      const snapshot = rings.get(name);
      return snapshot?.ring.metadata.deletionTimestamp === undefined ? snapshot : undefined;
    };
    return await lookAtLeaving({
      ring: {
        name,
        view: () => rings.get(name)?.view ?? viewWithoutRing(name, rings, this.#last),
        mayJudgeUnknown: () => this.#last?.mayJudgeUnknown === true,
        isGone: () => rings.get(name) === undefined,
        leaseOf: (key) => rings.findLease(key)?.lease,
        isOutside: (target, object) => isOutside(target, object, present()),
        readsFor: (target) => leavingReads(target, present(), sweep),
      },
      resources: this.#labelled.list(),
      client,
      lookup,
      probe,
      observer: moves,
      concurrency: settings.concurrentMoves,
      maxPendingDrains: settings.maxPendingDrains,
    }, signal);
  }

  /** Makes known what a look has found. */
  #tell(result: LeavingResult): void {
    const { ring, logger, troubles } = this.#parts;
    const { stripped, drained, waiting } = result;
    if (stripped + drained > 0) logger.info("objects leave the ring", { stripped, drained, waiting });
    for (const { resource, error } of result.failures) {
      // It is tried again and again.
      const what = `${resource}: ${describeError(error)}`;
      if (this.#logged.has(what)) continue;
      if (this.#logged.size >= keptFailures) this.#logged.clear();
      this.#logged.add(what);
      logger.warn("cannot take the ring's labels off its objects, it will be tried again", { resource, error });
    }
    if (result.failures.length === 0) this.#logged.clear();
    troubles.set(ring, source, leavingTroubles(result, this.#schedule.lasts() >= longWait));
  }

  #mustGiveUp(ring: ControllerRing, result: LeavingResult): boolean {
    const { clock } = this.#parts;
    const [monotonic, wall] = [clock.monotonic(), clock.now()];
    return this.#endsSince !== undefined &&
      mustGiveUp(result, monotonic - this.#endsSince, ring.metadata.deletionTimestamp, wall);
  }

  #giveUp(ring: ControllerRing, result: LeavingResult): void {
    const { recorder, logger } = this.#parts;
    const why = leavingTroubles(result, true).map(({ message }) => message).join(". ");
    const { name } = ring.metadata;
    const message = `${why}. They are left as they are: \`ring release ${name} --labels\` goes on with them`;
    logger.error("gave up taking the ring's labels off its objects", { why });
    recorder.record(ring, { type: "Warning", reason: "ObjectsLeft", action: "Release", message });
  }

  /** Lets the ring go. */
  async #end(signal: AbortSignal): Promise<number | "over"> {
    const { rings, ring: name, finalizer, troubles } = this.#parts;
    this.#isReleased = true;
    troubles.set(name, source, []);
    const snapshot = rings.get(name);
    if (snapshot === undefined) return "over";
    return await finalizer.remove(snapshot.ring, signal);
  }
}
