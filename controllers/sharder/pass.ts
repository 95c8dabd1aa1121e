import pMap from "p-map";
import type { PartialObjectMetadata } from "../../lib/k8s/types.ts";
import { mainKey } from "../../lib/sharding/hash_key.ts";
import { shardLabel } from "../../lib/sharding/names.ts";
import { planFor } from "../../lib/sharding/plan.ts";
import { type FamilyParts, settleFamily } from "./family_moves.ts";
import type { DrainRoom, Outcome } from "./mover.ts";
import { isInScope, readsFor } from "./scope.ts";
import { ownerlessSelector } from "./selectors.ts";
import type { Target } from "./targets.ts";

/** What a pass looks at: objects whose shard label names no live shard, or everything in scope. */
export type PassKind = "ownerless" | "all";

/** What a pass works with. */
export interface PassParts extends FamilyParts {
  readonly targets: readonly Target[];
  /** Most objects that are written at the same time. */
  readonly concurrency: number;
  /** Most drains that one shard may have pending, so that one that is stuck does not hold up the others. */
  readonly maxPendingDrains: number;
  /** Waits for a move's turn where moves are limited; see {@link DrainRoom.turn}. @default no limit */
  readonly turn?: (signal: AbortSignal) => Promise<boolean>;
  /** Hears of each object in scope, before anything is done with it. */
  readonly onListed?: (target: Target, object: PartialObjectMetadata) => void;
}

/** What a pass did. */
export interface PassResult {
  /** Objects that were looked at. */
  readonly listed: number;
  /** Objects that were not where they belong. */
  readonly found: number;
  readonly written: number;
  /** Shards whose objects cannot move before their Lease is taken over, or the shard is known to be none. */
  readonly unjudged: ReadonlySet<string>;
  /** Shards that already have as many pending drains as they may have. */
  readonly congested: ReadonlySet<string>;
  /** Objects that stay on a live shard although another should have them: the ring is paused. */
  readonly paused: number;
  /** Objects whose turn to move did not come: another pass has to look for them. */
  readonly limited: number;
  /** Children that did not fit into the families: another pass has to look for them. */
  readonly overflowed: boolean;
  /** The first failures; none keeps the others from being done. */
  readonly failures: readonly unknown[];
  readonly failed: number;
  /** Everything that the pass is about was listed. */
  readonly complete: boolean;
}

/** The result of a pass that had nothing to look at. */
export const nothingDone: PassResult = {
  listed: 0,
  found: 0,
  written: 0,
  unjudged: new Set(),
  congested: new Set(),
  paused: 0,
  limited: 0,
  overflowed: false,
  failures: [],
  failed: 0,
  complete: false,
};

/** Failures that are kept for the log; more are only counted. */
const keptFailures = 5;

/**
 * Goes over a ring's objects page by page and brings each to its shard; never are all of them in memory.
 *
 * Children are looked at first and kept aside under their owners, without a write. Then each owner moves and takes
 * its children along at once; the children of an owner that has to be drained follow when it was let go of. In the
 * end those are settled whose owners had nothing to do.
 */
export async function pass(kind: PassKind, parts: PassParts, signal: AbortSignal): Promise<PassResult> {
  // Without any shard at work there is nobody to give an object to.
  if (parts.snapshot.view.available === 0) return nothingDone;
  const run = new Pass(kind, parts, signal);
  for (const target of parts.targets) if (target.role === "controlled") await run.setAside(target);
  for (const target of parts.targets) if (target.role === "main") await run.settleMains(target);
  await run.settleLeftovers();
  return run.result();
}

class Pass {
  readonly #kind: PassKind;
  readonly #parts: PassParts;
  readonly #signal: AbortSignal;
  readonly #unjudged = new Set<string>();
  readonly #congested = new Set<string>();
  readonly #failures: unknown[] = [];
  #listed = 0;
  #found = 0;
  #written = 0;
  #failed = 0;
  #paused = 0;
  #limited = 0;
  #overflowed = false;
  #complete = true;

  constructor(kind: PassKind, parts: PassParts, signal: AbortSignal) {
    this.#kind = kind;
    this.#parts = parts;
    this.#signal = signal;
  }

  result(): PassResult {
    return {
      listed: this.#listed,
      found: this.#found,
      written: this.#written,
      unjudged: this.#unjudged,
      congested: this.#congested,
      paused: this.#paused,
      limited: this.#limited,
      overflowed: this.#overflowed,
      failures: this.#failures,
      failed: this.#failed,
      complete: this.#complete,
    };
  }

  /** Keeps misplaced children aside until their owner has moved; settles those without an owner in the ring. */
  async setAside(target: Target): Promise<void> {
    const { snapshot, families, owners } = this.#parts;
    const ring = snapshot.ring.metadata.name;
    await this.#each(target, async (object) => {
      const planned = { metadata: object.metadata, group: target.resource.group, kind: target.resource.kind };
      const { view, mayJudgeUnknown } = snapshot;
      const plan = planFor(planned, "controlled", view, { mayJudgeUnknown });
      if (plan.type === "none") return;
      const owner = plan.type === "wait" ? undefined : owners.parentOf(object);
      if (owner === undefined) return await this.#settle(target, object);
      this.#found++;
      const { namespace = "", name, labels } = object.metadata;
      const shard = labels?.[shardLabel(ring)] || undefined;
      const child = { target, namespace, name, shard, hasLabels: labels !== undefined };
      if (!families.add(owner, child)) this.#overflowed = true;
    });
  }

  /** Moves main objects, each with its children. */
  async settleMains(target: Target): Promise<void> {
    await this.#each(target, (object) => this.#settle(target, object));
  }

  /** Settles the children whose owners are where they should be. Those of a draining owner wait on. */
  async settleLeftovers(): Promise<void> {
    const { families, pending, concurrency } = this.#parts;
    const keys = families.keys().filter((key) => !pending.has(key));
    await this.#concurrently(keys, concurrency, async (key) => {
      const family = families.take(key);
      if (family === undefined) return;
      try {
        this.#written += await settleFamily(family, this.#parts, this.#signal);
      } catch (error) {
        // A pass over what has no live owner would not find them again.
        for (const child of family.children) families.add(family.owner, child);
        throw error;
      }
    });
  }

  async #settle(target: Target, object: PartialObjectMetadata): Promise<void> {
    const { mover, pending, maxPendingDrains, turn } = this.#parts;
    const key = mainKey(target.resource, object.metadata);
    let noted = false;
    const has = (shard: string): boolean => key.type === "key" && pending.countOf(shard) < maxPendingDrains;
    const room: DrainRoom = {
      has,
      // Noted before the write: the acknowledgement may be seen before the write is answered.
      take: (shard) => {
        noted = has(shard);
        if (noted && key.type === "key") pending.add(key.key, shard);
        return noted;
      },
      ...(turn === undefined ? {} : { turn }),
    };
    let outcome: Outcome = { type: "gone" };
    try {
      outcome = await mover.settle(target, object, this.#signal, room);
    } finally {
      const drained = outcome.type === "written" && outcome.plan.type === "drain";
      if (noted && !drained && key.type === "key") pending.delete(key.key);
    }
    if (outcome.type === "settled" || outcome.type === "gone") return;
    this.#found++;
    if (outcome.type === "braked") {
      if (outcome.by === "pause") this.#paused++;
      else this.#limited++;
      // They stay with it.
      if (target.role === "main" && key.type === "key") this.#parts.families.take(key.key);
      return;
    }
    if (outcome.type === "waiting") {
      (outcome.for === "drains" ? this.#congested : this.#unjudged).add(outcome.shard);
      // They wait as well, and the pass that moves their owner finds them again.
      if (target.role === "main" && key.type === "key") this.#parts.families.take(key.key);
      return;
    }
    this.#written++;
    const { plan } = outcome;
    if (target.role !== "main" || plan.type === "drain" || key.type !== "key") return;
    // Its children go with it.
    for (const child of this.#parts.families.take(key.key)?.children ?? []) {
      const shard = plan.type === "assign" ? plan.shard : plan.to;
      if ((await mover.follow(child, shard, this.#signal)).type === "written") this.#written++;
    }
  }

  /** Calls back for each object of a target that is in scope; the work on a page ends before the next is read. */
  async #each(target: Target, work: (object: PartialObjectMetadata) => Promise<void>): Promise<void> {
    const { snapshot, concurrency, onListed } = this.#parts;
    const labelSelector = this.#kind === "ownerless" ? ownerlessSelector(snapshot) : "";
    for (const namespace of readsFor(target, snapshot.scope)) {
      const objects = target.objects.inNamespace(namespace);
      const options = { labelSelector, signal: this.#signal, onExpired: "resume" as const };
      try {
        for await (const page of objects.pages(options)) {
          const items = page.items.filter((object) => isInScope(object, snapshot.selectsNamespace));
          this.#listed += items.length;
          if (onListed !== undefined) { for (const object of items) onListed(target, object); }
          await this.#concurrently(items, concurrency, work);
        }
      } catch (error) {
        this.#complete = false;
        this.#fail(error);
      }
    }
  }

  async #concurrently<T>(items: readonly T[], concurrency: number, work: (item: T) => Promise<void>): Promise<void> {
    await pMap(items, async (item) => {
      try {
        await work(item);
      } catch (error) {
        this.#fail(error);
      }
    }, { concurrency, signal: this.#signal });
  }

  #fail(error: unknown): void {
    this.#signal.throwIfAborted();
    this.#failed++;
    if (this.#failures.length < keptFailures) this.#failures.push(error);
  }
}
