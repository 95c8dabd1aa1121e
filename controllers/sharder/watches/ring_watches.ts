import type { PartialObjectMetadata } from "../../../lib/k8s/types.ts";
import type { RingSnapshot } from "../../../lib/rings/mod.ts";
import { sleep } from "../../../lib/util/clock/mod.ts";
import { Doorbell } from "./doorbell.ts";
import { type DrainEnded, DrainWatch } from "../drains/drain_watch.ts";
import type { PendingDrains } from "../drains/pending_drains.ts";
import { readsFor } from "../scope.ts";
import { drainingSelector, ownerlessSelector } from "../selectors.ts";
import type { Selection, WatchParts } from "./selector_watch.ts";
import type { Target } from "../targets.ts";
import { WatchSet } from "./watch_set.ts";

/** What the watches of a ring tell. */
export interface RingWatchHandlers {
  /** An object has no live owner. Must not throw. */
  readonly onObject: (target: Target, object: PartialObjectMetadata) => Promise<void>;
  /** There are objects without a live owner that were not told one by one: a pass is needed. */
  readonly onMissed: () => void;
  readonly onDrainEnded: DrainEnded;
}

/** Watches get so long to tell what they know before a pass goes on without them, in milliseconds. */
const patience = 5_000;

/** Name of what runs alongside the watches. */
const companion = "alongside";

/** The watches of one ring: for each resource a doorbell, and for each main resource the account of its drains. */
export class RingWatches {
  readonly #parts: WatchParts;
  readonly #pending: PendingDrains;
  readonly #handlers: RingWatchHandlers;
  readonly #watches: WatchSet;
  /** Doorbells that are not complete yet, and whether a pass went on without them. */
  readonly #incomplete = new Map<string, boolean>();

  /** @param signal ends the watches. */
  constructor(parts: WatchParts, pending: PendingDrains, handlers: RingWatchHandlers, signal: AbortSignal) {
    this.#parts = parts;
    this.#pending = pending;
    this.#handlers = handlers;
    this.#watches = new WatchSet(signal);
  }

  /** Aborts when all watches have to end. */
  get signal(): AbortSignal {
    return this.#watches.signal;
  }

  /** Runs something for as long as the watches. */
  alongside(run: (signal: AbortSignal) => Promise<void>): void {
    void this.#watches.start(companion, run);
  }

  /** Ends all watches and resolves when they have ended. */
  async stop(): Promise<void> {
    await this.#watches.stop();
  }

  /**
   * Makes the watches those for the present shards, resources and scope, and waits until they miss nothing: what is
   * listed after that and what they tell is everything. Goes on without those that take too long.
   * @param whenChanged is called when watches that are not wanted any more have ended.
   */
  async follow(
    snapshot: RingSnapshot,
    targets: readonly Target[],
    whenChanged: () => void,
    signal: AbortSignal,
  ): Promise<void> {
    const wanted = new Map<string, Promise<void>>();
    const ownerless = ownerlessSelector(snapshot);
    const draining = drainingSelector(snapshot.ring.metadata.name);
    for (const target of targets) {
      const namespaces = readsFor(target, snapshot.scope);
      if (ownerless !== "") this.#watchOwnerless({ target, namespaces, labelSelector: ownerless }, wanted);
      if (target.role === "main") {
        this.#watchDrains(snapshot, { target, namespaces, labelSelector: draining }, wanted);
      }
    }
    await this.#watches.keepOnly((name) => wanted.has(name) || name === companion);
    whenChanged();
    const waited = new AbortController();
    const limit = sleep(this.#parts.clock, patience, AbortSignal.any([signal, waited.signal])).catch(() => undefined);
    await Promise.race([Promise.all(wanted.values()), limit]);
    waited.abort();
    signal.throwIfAborted();
    for (const name of this.#incomplete.keys()) {
      if (wanted.has(name)) this.#incomplete.set(name, true);
      else this.#incomplete.delete(name);
    }
  }

  #watchOwnerless(selection: Selection, wanted: Map<string, Promise<void>>): void {
    const name = nameOf("without owner", selection);
    const complete = this.#watches.ensure(name, () => {
      const { onObject, onMissed } = this.#handlers;
      const doorbell = new Doorbell(selection, this.#parts, { onObject, onOverflow: onMissed });
      this.#incomplete.set(name, false);
      void doorbell.complete.then(() => {
        // What came between that pass and the beginning of the watch nobody has told of.
        if (this.#incomplete.get(name) === true) onMissed();
        this.#incomplete.delete(name);
      });
      return doorbell;
    });
    wanted.set(name, complete);
  }

  #watchDrains(snapshot: RingSnapshot, selection: Selection, wanted: Map<string, Promise<void>>): void {
    const name = nameOf("draining", selection);
    const ring = snapshot.ring.metadata.name;
    const complete = this.#watches.ensure(
      name,
      () => new DrainWatch(ring, selection, this.#parts, this.#pending, this.#handlers.onDrainEnded),
    );
    wanted.set(name, complete);
  }
}

/** The same for the same selection, so that a watch goes on as long as nothing changes for it. */
function nameOf(what: string, { target, namespaces, labelSelector }: Selection): string {
  const { group, version, plural } = target.resource;
  const where = namespaces.map((namespace) => namespace ?? "*").join(",");
  return [what, group, version, plural, where, labelSelector].join(" ");
}
