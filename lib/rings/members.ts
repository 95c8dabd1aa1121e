import { admissionOf } from "../sharding/lease_namespaces.ts";
import type { ControllerRing } from "../sharding/ring_types.ts";
import { RingView } from "../sharding/ring_view.ts";
import { JoinWindows } from "./join_windows.ts";
import { LeaseTracks, type LeaseTracksOptions } from "./lease_tracks.ts";
import { differences, type RingChange } from "./ring_change.ts";
import { SettleWindows } from "./settle_windows.ts";

/** What {@link Members} works with. Times are in milliseconds. */
export interface MembersOptions extends Omit<LeaseTracksOptions, "admits"> {
  /** See {@link JoinWindows}. */
  readonly joinWindow: number;
  /** See {@link SettleWindows}. */
  readonly settleWindow: number;
}

/** The shards of a ring as they are now, and what is to be told of it. */
export interface MembersNow {
  readonly view: RingView;
  readonly change: RingChange;
}

/** Who belongs to which ring: from the Leases, the namespaces that rings admit, and the windows in which shards come. */
export class Members {
  readonly tracks: LeaseTracks;
  readonly #now: () => number;
  readonly #admissions = new Map<string, (namespace: string) => boolean>();
  readonly #joins: JoinWindows;
  readonly #settling: SettleWindows;

  constructor(options: MembersOptions) {
    const { clock, joinWindow, settleWindow } = options;
    const admits = (ring: string, namespace: string): boolean => this.#admissions.get(ring)?.(namespace) ?? true;
    this.#now = () => clock.monotonic();
    this.tracks = new LeaseTracks({ ...options, admits });
    this.#joins = new JoinWindows(joinWindow);
    this.#settling = new SettleWindows(settleWindow);
  }

  /** Takes note of what a ring says of its shards. */
  follow(ring: ControllerRing): void {
    const admits = admissionOf(ring);
    if (admits === undefined) this.#admissions.delete(ring.metadata.name);
    else this.#admissions.set(ring.metadata.name, admits);
  }

  /** Forgets a ring. Its Leases are remembered: it may be created again. */
  forget(ring: string): void {
    for (const part of [this.#admissions, this.#joins, this.#settling]) part.delete(ring);
  }

  /** Have shards joined that are not told of yet, as others may follow? */
  isSettling(ring: string): boolean {
    return this.#settling.has(ring) || this.#joins.formingOf(ring) !== undefined;
  }

  /** The shards of a ring. @param previous a view of the same ring */
  viewOf(ring: string, previous?: RingView): RingView {
    const [admits, forming] = [this.#admissions.get(ring), this.#joins.formingOf(ring)];
    return new RingView(ring, this.tracks.entriesOf(ring), { previous, admits, forming });
  }

  /** The shards of a ring after something about its Leases has changed. */
  update(before: RingView): MembersNow {
    const { ring } = before;
    const now = this.#now();
    const next = this.viewOf(ring, before);
    const view = this.#joins.note(before, next, now) ? this.viewOf(ring, before) : next;
    return { view, change: this.#settling.note(differences(before, view), now) };
  }

  /** Ends the windows that are over. Returns what is to be told, with a view where that changes too. */
  closeWindows(viewBefore: (ring: string) => RingView | undefined): readonly (RingChange | MembersNow)[] {
    const now = this.#now();
    const formed = this.#joins.close(now).flatMap((ring): MembersNow[] => {
      const before = viewBefore(ring);
      if (before === undefined) return [];
      const view = this.viewOf(ring, before);
      // They have waited for each other already.
      return [{ view, change: this.#settling.closeWith(differences(before, view)) }];
    });
    return [...formed, ...this.#settling.close(now)];
  }

  /** When a window ends; Infinity for never. */
  get nextWindow(): number {
    return Math.min(this.#joins.next, this.#settling.next);
  }
}
