import { keyOf } from "../k8s/types.ts";
import { leaseTimes } from "../sharding/lease_times.ts";
import { holderOf } from "../sharding/shard_state.ts";
import type { Track } from "./lease_track.ts";
import { lossOf, massLoss, type Presence } from "./mass_loss.ts";

/** What a {@link LossGuard} works with. Times are in milliseconds. */
export interface LossGuardOptions {
  /** Since when Leases have been watched without a gap: a silence that nobody could have heard broken is none. */
  readonly watchingSince: () => number | undefined;
  /** So many durations of its Lease longer a shard is waited for that was lost with most others; 0 for not at all. */
  readonly massLossHold: number;
  /** May shards of this ring have their Leases in this namespace? Others are no loss. */
  readonly admits: (ring: string, namespace: string) => boolean;
}

/** Keys of Leases. */
interface MassLoss {
  /** Those of all shards that were lost together. */
  readonly all: ReadonlySet<string>;
  /** Those whose take-over is put off. */
  readonly kept: ReadonlySet<string>;
}

/** Knows of all rings which shards were lost in masses; see `mass_loss.ts`. */
export class LossGuard {
  readonly #options: LossGuardOptions;
  /** Rings with a mass loss. */
  readonly #lost = new Map<string, MassLoss>();

  constructor(options: LossGuardOptions) {
    this.#options = options;
  }

  /** Has the ring lost most of its shards at once? */
  isAlert(ring: string): boolean {
    return this.#lost.has(ring);
  }

  /** Is the take-over of this Lease put off? */
  keepsBack(ring: string, key: string): boolean {
    return this.#lost.get(ring)?.kept.has(key) === true;
  }

  /** How much longer than usual the shard is waited for, in milliseconds. */
  patience(ring: string, key: string, leaseDuration: number): number {
    return this.keepsBack(ring, key) ? this.#options.massLossHold * leaseDuration : 0;
  }

  /** Sees which shards of a ring are silent, notes it in their tracks, and whether they are too many at once. */
  look(ring: string, tracks: Map<string, Track>, now: number): void {
    const { massLossHold, watchingSince, admits } = this.#options;
    const since = watchingSince();
    if (massLossHold === 0 || since === undefined) return;
    const shards: (Presence & { readonly key: string })[] = [];
    for (const [key, track] of tracks) {
      const { presence, lease, changedAt } = track;
      if (presence === undefined || !admits(ring, keyOf(lease).namespace)) continue;
      const silence = (): Presence["loss"] => lossOf(Math.max(changedAt, since), leaseTimes(lease).leaseDuration, now);
      const loss = presence.loss ?? (holderOf(lease) === "shard" ? silence() : undefined);
      if (loss !== presence.loss) tracks.set(key, { ...track, presence: { ...presence, loss } });
      shards.push({ key, since: presence.since, loss });
    }
    const lost = this.#lossOf(ring, shards);
    if (lost === undefined) this.#lost.delete(ring);
    else this.#lost.set(ring, lost);
  }

  /** The mass loss of a ring as it is now. One of its shards that is back does not make the others' silence another. */
  #lossOf(ring: string, shards: readonly (Presence & { readonly key: string })[]): MassLoss | undefined {
    const lost = [...massLoss(shards)].map(({ key }) => key);
    const before = this.#lost.get(ring)?.all ?? new Set();
    const silent = shards.filter(({ key, loss }) => loss !== undefined && before.has(key));
    const begin = Math.min(...silent.map(({ loss }) => loss?.seen ?? Infinity));
    const others = shards.filter(({ key, loss, since }) => loss === undefined && !before.has(key) && since > begin);
    const rest = others.length < silent.length ? silent.map(({ key }) => key) : [];
    if (lost.length === 0 && rest.length === 0) return undefined;
    return { all: new Set([...rest.length > 0 ? before : [], ...lost]), kept: new Set([...rest, ...lost]) };
  }
}
