import { BoundedQueue } from "../util/bounded_queue.ts";

/** What may be wrong with a ring; each is the type of a condition that the ring has while it is. */
export type TroubleType =
  /** The sharder may not do something that it has to do for this ring. */
  | "PermissionsMissing"
  /** A resource of the ring is not served by the API server. */
  | "ResourcesMissing"
  /** Requests do not reach the webhook, or it is not trusted. */
  | "WebhookUnreachable"
  /** Shards do not let go of objects. */
  | "DrainsStuck"
  /** Objects have no live owner, and none can be given to them. */
  | "ObjectsUnassigned"
  /** Leases whose names cannot be those of shards, or of which there are several of one name. */
  | "ShardNamesUnusable"
  /** Many shards were lost at once, and their objects are kept back for a while. */
  | "MassLoss"
  /** Objects that are not the ring's any more keep its labels. */
  | "ObjectsLeft";

/** Something that is wrong with a ring now. */
export interface Trouble {
  readonly type: TroubleType;
  /** One word in camel case, for programs. */
  readonly reason: string;
  /** What is wrong, and how to repair it. No counts or times: they would change although nothing new is to be said. */
  readonly message: string;
}

/**
 * What is wrong with each ring, as those say who work on it. It is kept by the process that leads, and made known in
 * the rings' conditions.
 */
export class RingTroubles {
  readonly #rings = new Map<string, Map<string, readonly Trouble[]>>();
  readonly #subscribers = new Set<BoundedQueue<string>>();

  /**
   * Says what is wrong as far as `source` knows; it replaces what the same source said before.
   *
   * @param source who says it, as "passes"; each part of the sharder has its own
   */
  set(ring: string, source: string, troubles: readonly Trouble[]): void {
    const sources = this.#rings.get(ring) ?? new Map<string, readonly Trouble[]>();
    const previous = sources.get(source) ?? [];
    if (isSame(previous, troubles)) return;
    if (troubles.length === 0) sources.delete(source);
    else sources.set(source, troubles);
    if (sources.size === 0) this.#rings.delete(ring);
    else this.#rings.set(ring, sources);
    for (const queue of this.#subscribers) queue.push(ring);
  }

  /** Forgets a ring that does not exist any more. */
  forget(ring: string): void {
    this.#rings.delete(ring);
  }

  /** Everything that is wrong with a ring, by type and then by source. */
  of(ring: string): readonly Trouble[] {
    const sources = [...this.#rings.get(ring) ?? []].sort(([a], [b]) => compare(a, b));
    return sources.flatMap(([, troubles]) => troubles).sort((a, b) => compare(a.type, b.type));
  }

  /** The name of each ring that has troubles now, then of each whose troubles change. Ends with the signal. */
  async *changes(signal: AbortSignal): AsyncGenerator<string, void, undefined> {
    const queue = new BoundedQueue<string>();
    const close = (): void => queue.close();
    for (const ring of this.#rings.keys()) queue.push(ring);
    this.#subscribers.add(queue);
    signal.addEventListener("abort", close, { once: true });
    if (signal.aborted) close();
    try {
      for await (const ring of queue) {
        if (signal.aborted) return;
        yield ring;
      }
    } finally {
      signal.removeEventListener("abort", close);
      this.#subscribers.delete(queue);
    }
  }
}

function isSame(a: readonly Trouble[], b: readonly Trouble[]): boolean {
  return a.length === b.length &&
    a.every(({ type, reason, message }, index) => {
      const other = b[index];
      return other?.type === type && other.reason === reason && other.message === message;
    });
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
