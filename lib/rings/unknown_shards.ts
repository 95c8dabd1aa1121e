import type { RingSnapshot } from "./ring_snapshot.ts";

/** What {@link UnknownShards} works with. Times are in monotonic milliseconds. */
export interface UnknownShardsOptions {
  readonly now: () => number;
  /** Since when Leases have been watched without a gap. */
  readonly watchingSince: () => number | undefined;
}

/**
 * When a label that names no shard may be called bogus: after Leases were watched for as long as a shard of the ring may
 * go unseen while it is at work, as its Lease could have been deleted just before.
 */
export class UnknownShards {
  readonly #options: UnknownShardsOptions;
  readonly #silences = new Map<string, number>();
  /** Rings of which it was said already that unknown shards may be judged. */
  readonly #judging = new Set<string>();

  constructor(options: UnknownShardsOptions) {
    this.#options = options;
  }

  /** Sets how long a shard of the ring may go unseen, and returns the question whether unknown ones may be judged. */
  follow(ring: string, silence: number): () => boolean {
    this.#silences.set(ring, silence);
    return () => this.#until(silence) <= 0;
  }

  /** Takes note of what a new snapshot says to everybody who looks at it. */
  said({ ring, mayJudgeUnknown }: RingSnapshot): void {
    if (mayJudgeUnknown) this.#judging.add(ring.metadata.name);
  }

  /** The rings whose unknown shards may be judged from now on. */
  review(snapshots: Iterable<RingSnapshot>): readonly string[] {
    const news: string[] = [];
    for (const { ring, mayJudgeUnknown } of snapshots) {
      const { name } = ring.metadata;
      if (!mayJudgeUnknown) this.#judging.delete(name);
      else if (!this.#judging.has(name)) {
        this.#judging.add(name);
        news.push(name);
      }
    }
    return news;
  }

  /** Forgets a ring. */
  forget(ring: string): void {
    this.#judging.delete(ring);
    this.#silences.delete(ring);
  }

  /** When {@link review} has something to say; Infinity for never. */
  get next(): number {
    const waiting = [...this.#silences].filter(([ring]) => !this.#judging.has(ring));
    return Math.min(Infinity, ...waiting.map(([, silence]) => this.#options.now() + this.#until(silence)));
  }

  /** Milliseconds until Leases were watched for as long as `silence`; Infinity while they are not watched. */
  #until(silence: number): number {
    const since = this.#options.watchingSince();
    return since === undefined ? Infinity : since + silence - this.#options.now();
  }
}
