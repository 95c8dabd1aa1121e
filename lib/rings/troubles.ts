import { BoundedQueue } from "../util/bounded_queue.ts";

/** What may be wrong with a ring; each is the type of a condition that the ring has while it is. */
export const troubleTypes = [
  /** The sharder may not do something that it has to do for this ring. */
  "PermissionsMissing",
  /** A resource of the ring is not served by the API server. */
  "ResourcesMissing",
  /** The spec says something twice, or in two ways. */
  "SpecAmbiguous",
  /** Requests do not reach the webhook, or it is not trusted. */
  "WebhookUnreachable",
  /** Shards do not let go of objects. */
  "DrainsStuck",
  /** Objects have no live owner, and none can be given to them. */
  "ObjectsUnassigned",
  /** Leases whose names cannot be those of shards, or of which there are several of one name. */
  "ShardNamesUnusable",
  /** Many shards were lost at once, and their objects are kept back for a while. */
  "MassLoss",
  /** Objects that are not the ring's any more keep its labels. */
  "ObjectsLeft",
] as const;

/** One of {@link troubleTypes}. */
export type TroubleType = typeof troubleTypes[number];

/** Something that is wrong with a ring now. */
export interface Trouble {
  readonly type: TroubleType;
  /** One word in camel case, for programs. */
  readonly reason: string;
  /** What is wrong, and how to repair it. No counts or times: they would change although nothing new is to be said. */
  readonly message: string;
}

/** What one source says of a ring. */
interface Statement {
  readonly troubles: readonly Trouble[];
  readonly undecided: readonly TroubleType[];
}

/** What is known of a ring. */
interface Known {
  readonly sources: Map<string, Statement>;
  concluded: boolean;
}

/**
 * What is wrong with each ring, as those say who work on it. It is kept by the process that leads, and made known in
 * the rings' conditions.
 *
 * A process that has just begun to lead knows nothing, and finds the conditions that another one wrote. They stay until
 * the first look at everything of the ring has ended ({@link conclude}), and until no source is undecided about them.
 */
export class RingTroubles {
  readonly #rings = new Map<string, Known>();
  readonly #subscribers = new Set<BoundedQueue<string>>();

  /**
   * Says what is wrong as far as `source` knows; it replaces what the same source said before.
   *
   * @param source who says it, as "passes"; each part of the sharder has its own
   * @param undecided what the source cannot tell yet, as it has to watch for a while first: what was said of that by
   *   an earlier process stays
   */
  set(ring: string, source: string, troubles: readonly Trouble[], undecided: readonly TroubleType[] = []): void {
    const { sources } = this.#known(ring);
    const previous = sources.get(source) ?? { troubles: [], undecided: [] };
    const isSameDoubt = previous.undecided.join() === undecided.join();
    if (isSameDoubt && isSame(previous.troubles, troubles)) return this.#tidy(ring);
    if (troubles.length === 0 && undecided.length === 0) sources.delete(source);
    else sources.set(source, { troubles, undecided });
    this.#tidy(ring);
    this.#publish(ring);
  }

  /** Says that everything of the ring was looked at: what nobody has said to be wrong by now is not wrong. */
  conclude(ring: string): void {
    const known = this.#known(ring);
    if (known.concluded) return;
    known.concluded = true;
    this.#publish(ring);
  }

  /** May it be said that a ring does not have this trouble, if nobody says that it has? */
  isDecided(ring: string, type: TroubleType): boolean {
    const known = this.#rings.get(ring);
    if (known?.concluded !== true) return false;
    return [...known.sources.values()].every(({ undecided }) => !undecided.includes(type));
  }

  /** Forgets a ring that does not exist any more. */
  forget(ring: string): void {
    this.#rings.delete(ring);
  }

  /** Everything that is wrong with a ring, by type and then by source. */
  of(ring: string): readonly Trouble[] {
    const sources = [...this.#rings.get(ring)?.sources ?? []].sort(([a], [b]) => compare(a, b));
    return sources.flatMap(([, { troubles }]) => troubles).sort((a, b) => compare(a.type, b.type));
  }

  /** The name of each ring of which something is known, then of each where that changes. Ends with the signal. */
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

  #known(ring: string): Known {
    const known = this.#rings.get(ring) ?? { sources: new Map<string, Statement>(), concluded: false };
    this.#rings.set(ring, known);
    return known;
  }

  /** Keeps nothing of a ring of which nothing is known. */
  #tidy(ring: string): void {
    const known = this.#rings.get(ring);
    if (known?.sources.size === 0 && !known.concluded) this.#rings.delete(ring);
  }

  #publish(ring: string): void {
    for (const queue of this.#subscribers) queue.push(ring);
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
