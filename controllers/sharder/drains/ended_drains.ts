import pMap from "p-map";
import { abortable } from "../../../lib/k8s/abortable.ts";
import { BoundedQueue } from "../../../lib/util/bounded_queue.ts";
import type { Logger } from "../../../lib/util/log.ts";
import { type FamilyParts, settleFamily } from "../families/family_moves.ts";
import type { Families } from "../families/families.ts";
import { type ObjectReference, referenceTo } from "../passes/pass_scope.ts";

/** Ended drains that wait to be looked at; when there are more, a pass looks at everything instead. */
const capacity = 10_000;

/** So many families are many, as a part of those that are moved at the same time. */
const manyFamilies = 0.1;

/** What {@link EndedDrains} works with. */
export interface EndedDrainsParts {
  readonly families: Families;
  /** What is needed to move a family now; undefined when the ring is gone. */
  readonly parts: () => FamilyParts | undefined;
  /** Families that are moved at the same time. */
  readonly concurrency: number;
  /** There were too many to be dealt with one by one: a pass has to find the rest. */
  readonly onMissed: () => void;
  /** These objects, owners or children, have to be tried again. */
  readonly onFailed: (objects: readonly ObjectReference[]) => void;
  /** A family has moved. */
  readonly onSettled: () => void;
  readonly logger: Logger;
}

/** Moves the children of objects that were let go of by their shards, as soon as they are. */
export class EndedDrains {
  readonly #parts: EndedDrainsParts;
  readonly #keys = new BoundedQueue<string>(capacity);
  readonly #whenFew = new Set<() => void>();
  #underWay = 0;

  constructor(parts: EndedDrainsParts) {
    this.#parts = parts;
  }

  /** The drain of the object with this hash key is over. */
  note(key: string): void {
    const { families, onMissed } = this.#parts;
    if (!families.has(key)) return;
    if (this.#keys.push(key)) this.#underWay++;
    else onMissed();
  }

  /**
   * Are many families apart, their owners on other shards already? Those come first, and whatever is asked for besides
   * makes their requests slower.
   */
  get areMany(): boolean {
    return this.#underWay > this.#parts.concurrency * manyFamilies;
  }

  /** Waits while {@link areMany}. @throws the signal's reason when it aborts first. */
  async untilFew(signal: AbortSignal): Promise<void> {
    while (this.areMany) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#whenFew.add(resolve);
      await abortable(promise, signal).finally(() => this.#whenFew.delete(resolve));
    }
  }

  /** Works until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const close = (): void => this.#keys.close();
    signal.addEventListener("abort", close, { once: true });
    if (signal.aborted) close();
    const { concurrency } = this.#parts;
    await pMap(this.#keys, async (key) => {
      await this.#settle(key, signal);
      this.#underWay--;
      for (const go of this.#whenFew) go();
    }, { concurrency });
  }

  async #settle(key: string, signal: AbortSignal): Promise<void> {
    const { families, logger, onFailed, onSettled } = this.#parts;
    const parts = this.#parts.parts();
    const family = families.take(key);
    if (parts === undefined || family === undefined) return;
    try {
      const { failed } = await settleFamily(family, parts, signal);
      const [first] = failed;
      if (first !== undefined) {
        logger.warn("cannot move all children yet, they are tried again", { owner: key, error: first.error });
        onFailed(failed.map(({ child }) => referenceTo(child)));
      }
      onSettled();
    } catch (error) {
      if (signal.aborted) return;
      logger.warn("cannot move the children yet, they are tried again", { owner: key, error });
      // They wait with their owner until it is looked at again.
      for (const child of family.children) families.add(family.owner, child);
      onFailed([referenceTo(family.owner)]);
    }
  }
}
