import pMap from "p-map";
import { BoundedQueue } from "../../lib/util/bounded_queue.ts";
import type { Logger } from "../../lib/util/log.ts";
import { type FamilyParts, settleFamily } from "./family_moves.ts";
import type { Families } from "./families.ts";

/** Ended drains that wait to be looked at; when there are more, a pass looks at everything instead. */
const capacity = 10_000;

/** What {@link EndedDrains} works with. */
export interface EndedDrainsParts {
  readonly families: Families;
  /** What is needed to move a family now; undefined when the ring is gone. */
  readonly parts: () => FamilyParts | undefined;
  /** Families that are moved at the same time. */
  readonly concurrency: number;
  /** Some could not be moved: a pass has to find them. */
  readonly onMissed: () => void;
  /** A family has moved. */
  readonly onSettled: () => void;
  readonly logger: Logger;
}

/** Moves the children of objects that were let go of by their shards, as soon as they are. */
export class EndedDrains {
  readonly #parts: EndedDrainsParts;
  readonly #keys = new BoundedQueue<string>(capacity);

  constructor(parts: EndedDrainsParts) {
    this.#parts = parts;
  }

  /** The drain of the object with this hash key is over. */
  note(key: string): void {
    const { families, onMissed } = this.#parts;
    if (families.has(key) && !this.#keys.push(key)) onMissed();
  }

  /** Works until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const close = (): void => this.#keys.close();
    signal.addEventListener("abort", close, { once: true });
    if (signal.aborted) close();
    const { concurrency } = this.#parts;
    await pMap(this.#keys, (key) => this.#settle(key, signal), { concurrency });
  }

  async #settle(key: string, signal: AbortSignal): Promise<void> {
    const { families, logger, onMissed, onSettled } = this.#parts;
    const parts = this.#parts.parts();
    const family = families.take(key);
    if (parts === undefined || family === undefined) return;
    try {
      await settleFamily(family, parts, signal);
      onSettled();
    } catch (error) {
      if (signal.aborted) return;
      logger.warn("cannot move the children yet, a pass will try again", { owner: key, error });
      onMissed();
    }
  }
}
