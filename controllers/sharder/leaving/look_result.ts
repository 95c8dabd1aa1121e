import { controllerOf, type ObjectMeta } from "../../../lib/k8s/types.ts";
import { groupOf } from "../../../lib/sharding/hash_key.ts";
import type { LeavingWait } from "../../../lib/sharding/leaving_plan.ts";
import type { Role } from "../../../lib/sharding/ring_types.ts";

/** Something that could not be read or written. */
export interface LeavingFailure {
  readonly role: Role | undefined;
  /** Name of the resource. */
  readonly resource: string;
  readonly group: string;
  /** Undefined when the resource could not be looked up. */
  readonly kind: string | undefined;
  readonly error: unknown;
  /** The sharder has no right to. */
  readonly isForbidden: boolean;
}

/** What became of the labels of one object. */
export type LeavingWrite =
  /** They are gone. */
  | "stripped"
  /** Its shard was asked to let go. */
  | "drained"
  /** The object has changed meanwhile: another look sees how. */
  | "changed";

/** Failures that are kept for people; more are only counted. */
const keptFailures = 5;

/** Uids of waiting owners that are kept, of 80 bytes or so each. Where there are more, any owner may be among them. */
const keptUids = 10_000;

/** What a look at a ring's leaving objects has found and done. */
export class LeavingResult {
  /** The first failures. */
  readonly failures: LeavingFailure[] = [];
  /** Resources that the sharder may not list, or whose objects it may not patch. */
  readonly forbidden = new Set<string>();
  #stripped = 0;
  #drained = 0;
  #changed = 0;
  #failed = 0;
  #waiting = 0;
  /** How many objects wait for what, by shard. */
  readonly #waits = new Map<LeavingWait, Map<string, number>>();
  /** Main resources of which nobody knows whether shards are still at work on their objects. */
  readonly #doubtful: LeavingFailure[] = [];
  /** Uids of objects whose shards have not let go of them; no more than `keptUids`. */
  readonly #keepers = new Set<string>();
  /** Objects that wait for owners which the sharder has no right to look after. */
  #blocked = 0;

  /** Objects whose labels were removed. */
  get stripped(): number {
    return this.#stripped;
  }

  /** Objects that live shards were asked to let go of. */
  get drained(): number {
    return this.#drained;
  }

  /** Objects that others have changed at the same time: another look sees how. */
  get changed(): number {
    return this.#changed;
  }

  /** Objects that were changed here, or by others meanwhile. */
  get written(): number {
    return this.#stripped + this.#drained + this.#changed;
  }

  /** Objects that keep their labels for now. */
  get waiting(): number {
    return this.#waiting + this.#blocked;
  }

  /** There was no object with labels, and nothing that could not be looked at. */
  get isEmpty(): boolean {
    return this.written + this.waiting + this.#failed + this.forbidden.size === 0;
  }

  /** All that is left is what the sharder has no right to do. */
  get isForbidden(): boolean {
    return this.forbidden.size > 0 && this.written + this.#waiting + this.#failed === 0;
  }

  /**
   * Does the shard of a controlled object have main objects that it has to let go of, is the object's owner still
   * kept by any shard, or may it be?
   * "forbidden" when it may, and the sharder has no right to find out.
   */
  ownerOf(metadata: ObjectMeta, shard: string): "free" | "busy" | "forbidden" {
    const isWaiting = (["acknowledgement", "judgement"] as const).some((what) => this.#waits.get(what)?.has(shard));
    if (isWaiting) return "busy";
    const owner = controllerOf(metadata);
    if (owner === undefined) return "free";
    // It may be another shard that has the owner.
    if (this.#keepers.has(owner.uid) || this.#keepers.size >= keptUids) return "busy";
    const group = groupOf(owner.apiVersion);
    const doubts = this.#doubtful.filter((one) =>
      one.group === group && (one.kind === undefined || one.kind === owner.kind)
    );
    if (doubts.length === 0) return "free";
    return doubts.every(({ isForbidden }) => isForbidden) ? "forbidden" : "busy";
  }

  /** The shards that are waited for, sorted by name. */
  shardsFor(what: LeavingWait): readonly string[] {
    return [...this.#waits.get(what)?.keys() ?? []].sort();
  }

  /** How many objects wait for this. */
  countOf(what: LeavingWait): number {
    return [...this.#waits.get(what)?.values() ?? []].reduce((sum, count) => sum + count, 0);
  }

  /**
   * Notes an object that keeps its labels for now.
   * @param isForbidden it waits for an owner that the sharder has no right to look after
   */
  waits({ uid }: ObjectMeta, shard: string, what: LeavingWait, isForbidden = false): void {
    if (what !== "owners" && uid !== undefined && this.#keepers.size < keptUids) this.#keepers.add(uid);
    const shards = this.#waits.get(what) ?? new Map<string, number>();
    this.#waits.set(what, shards.set(shard, (shards.get(shard) ?? 0) + 1));
    if (isForbidden) this.#blocked++;
    else this.#waiting++;
  }

  /** Notes an object that was written. */
  wrote(what: LeavingWrite): void {
    if (what === "stripped") this.#stripped++;
    else if (what === "drained") this.#drained++;
    else this.#changed++;
  }

  /** Notes what could not be read or written. */
  failed(failure: LeavingFailure): void {
    if (failure.isForbidden) this.forbidden.add(failure.resource);
    else this.#failed++;
    if (this.failures.length < keptFailures) this.failures.push(failure);
    if (failure.role === "controlled") return;
    const { isForbidden, resource } = failure;
    const isKnown = this.#doubtful.some((one) => one.resource === resource && one.isForbidden === isForbidden);
    if (!isKnown) this.#doubtful.push(failure);
  }
}
