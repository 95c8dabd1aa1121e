import type { PartialObjectMetadata } from "../../../lib/k8s/types.ts";
import { keyOf } from "../../../lib/k8s/types.ts";
import { mainKey } from "../../../lib/sharding/hash_key.ts";
import { drainLabel, shardLabel } from "../../../lib/sharding/names.ts";
import { type FamilyParts, moveChildren } from "../families/family_moves.ts";
import type { DrainRoom, Outcome, WrittenPlan } from "../mover.ts";
import { referenceTo } from "./pass_scope.ts";
import type { PassTally } from "./pass_tally.ts";
import { readObject } from "../rights/read_object.ts";
import type { Target } from "../targets.ts";

/** What {@link MainMoves} works with. */
export interface MainMovesParts extends FamilyParts {
  /** Most drains that one shard may have pending, so that one that is stuck does not hold up the others. */
  readonly maxPendingDrains: number;
  /** Waits for a move's turn where moves are limited; see {@link DrainRoom.turn}. @default no limit */
  readonly turn?: (signal: AbortSignal) => Promise<boolean>;
}

/** Brings main objects to their shards, each with the children that were set aside for it. */
export class MainMoves {
  readonly #parts: MainMovesParts;
  readonly #tally: PassTally;
  readonly #signal: AbortSignal;

  constructor(parts: MainMovesParts, tally: PassTally, signal: AbortSignal) {
    this.#parts = parts;
    this.#tally = tally;
    this.#signal = signal;
  }

  /**
   * Settles one object and keeps account of its drain. Returns what came of it.
   * @throws what the requests throw; its children stay set aside then.
   */
  async settle(target: Target, object: PartialObjectMetadata): Promise<Outcome> {
    const { mover, pending } = this.#parts;
    const hashKey = mainKey(target.resource, object.metadata);
    if (hashKey.type !== "key") return { type: "settled" };
    const { key } = hashKey;
    const room = this.#roomFor(key);
    // Should it be taken back, whoever hears of its end has to know.
    const isDraining = pending.has(key);
    if (isDraining) pending.withdraw(key, true);
    let outcome: Outcome = { type: "gone" };
    try {
      outcome = await mover.settle(target, object, this.#signal, room);
    } finally {
      const plan = outcome.type === "written" ? outcome.plan.type : undefined;
      if (room.taken && plan !== "drain") pending.delete(key);
      if (isDraining && plan !== "withdraw") pending.withdraw(key, false);
    }
    this.#tally.count(outcome);
    await this.#takeAlong(key, outcome);
    return outcome;
  }

  /**
   * Sees to it that a drain is accounted for of which the answer was lost.
   * @param object as it was read just now
   */
  async account(target: Target, object: PartialObjectMetadata): Promise<void> {
    const { snapshot, pending } = this.#parts;
    const hashKey = mainKey(target.resource, object.metadata);
    const shard = drainedShard(object, snapshot.ring.metadata.name);
    if (hashKey.type !== "key" || shard === undefined || pending.has(hashKey.key)) return;
    pending.add(hashKey.key, shard);
    // Its end may have been told of before, and is not told again.
    const { namespace, name } = keyOf(object);
    const now = await readObject(target.objects.inNamespace(namespace), name, this.#signal);
    if (now === undefined || drainedShard(now, snapshot.ring.metadata.name) === undefined) pending.delete(hashKey.key);
  }

  #roomFor(key: string): DrainRoom & { readonly taken: boolean } {
    const { pending, maxPendingDrains, turn } = this.#parts;
    let taken = false;
    const has = (shard: string): boolean => pending.countOf(shard) < maxPendingDrains;
    return {
      has,
      // Noted before the write: the acknowledgement may be seen before the write is answered.
      take: (shard) => {
        taken = has(shard);
        if (taken) pending.add(key, shard);
        return taken;
      },
      ...(turn === undefined ? {} : { turn }),
      get taken(): boolean {
        return taken;
      },
    };
  }

  /** Brings the children that were set aside to where their owner is now, if that is where it stays. */
  async #takeAlong(key: string, outcome: Outcome): Promise<void> {
    const shard = placeOf(outcome);
    if (shard === undefined) return;
    const { families, mover } = this.#parts;
    const family = families.take(key);
    // The pass that finds the owner's shard dead for good finds its children as well.
    if (family === undefined || shard === "nowhere yet") return;
    const { written, failed } = await moveChildren(
      family.children,
      (child) => mover.follow(child, shard.name, this.#signal),
      this.#signal,
    );
    this.#tally.written += written;
    for (const { child, error } of failed) this.#tally.failedObject(referenceTo(child), error);
  }
}

/** The shard on which an object stays for now; undefined when its children have to wait for more. */
function placeOf(outcome: Outcome): { readonly name: string } | "nowhere yet" | undefined {
  switch (outcome.type) {
    case "settled":
    case "gone":
      return undefined;
    case "braked":
      return { name: outcome.shard };
    case "waiting":
      return outcome.for === "drains" ? { name: outcome.shard } : "nowhere yet";
    case "written":
      return placeAfter(outcome.plan);
  }
}

function placeAfter(plan: WrittenPlan): { readonly name: string } | undefined {
  switch (plan.type) {
    case "assign":
    case "withdraw":
      return { name: plan.shard };
    case "move":
      return { name: plan.to };
    case "drain":
      return undefined;
  }
}

/** The shard that was asked to let go of an object. */
function drainedShard({ metadata: { labels = {} } }: PartialObjectMetadata, ring: string): string | undefined {
  return labels[drainLabel(ring)] === undefined ? undefined : labels[shardLabel(ring)] || undefined;
}
