import pMap from "p-map";
import { keyOf, type PartialObjectMetadata } from "../../../lib/k8s/types.ts";
import type { RingSnapshot } from "../../../lib/rings/mod.ts";
import { type ObjectReference, referenceTo } from "./pass_scope.ts";
import type { PassTally } from "./pass_tally.ts";
import { readObject } from "../rights/read_object.ts";
import { isInScope, readsFor } from "../scope.ts";
import type { Target } from "../targets.ts";

/** Something that is done with one object. */
export type Work = (object: PartialObjectMetadata) => Promise<void>;

/** What is listed. */
export interface Listing {
  readonly target: Target;
  readonly labelSelector: string;
  readonly work: Work;
  /** Is there something to do about an object? Mostly not: those cost no more than this question. @default there is */
  readonly isWork?: (object: PartialObjectMetadata) => boolean;
  /** Is called when the work on a page is done; with false the rest is left out. */
  readonly goesOn: () => Promise<boolean>;
}

/** Reads the objects that a pass is about, as far as they are in the ring's scope. Never are all of them in memory. */
export class PassObjects {
  readonly #snapshot: RingSnapshot;
  readonly #concurrency: number;
  readonly #tally: PassTally;
  readonly #signal: AbortSignal;

  /** @param tally hears of what fails: one that does keeps no other from being done. */
  constructor(
    { snapshot, concurrency }: { readonly snapshot: RingSnapshot; readonly concurrency: number },
    tally: PassTally,
    signal: AbortSignal,
  ) {
    this.#snapshot = snapshot;
    this.#concurrency = concurrency;
    this.#tally = tally;
    this.#signal = signal;
  }

  /** Lists page by page. The work on a page ends before the next is read. */
  async listed({ target, labelSelector, work, isWork = () => true, goesOn }: Listing): Promise<void> {
    const { scope, selectsNamespace } = this.#snapshot;
    for (const namespace of readsFor(target, scope)) {
      const objects = target.objects.inNamespace(namespace);
      const options = { labelSelector, signal: this.#signal, onExpired: "resume" as const };
      try {
        for await (const page of objects.pages(options)) {
          const items = page.items.filter((object) => isInScope(object, selectsNamespace) && isWork(object));
          await this.#concurrently(items, work, (object) => referenceTo({ target, ...keyOf(object) }));
          if (!await goesOn()) return;
        }
      } catch (error) {
        this.#signal.throwIfAborted();
        this.#tally.failedList(error);
      }
    }
  }

  /** Reads single objects. What is not the ring's any more has nothing done to it. */
  async named(target: Target, objects: readonly ObjectReference[], work: Work): Promise<void> {
    const { group, resource } = target.groupResource;
    const mine = objects.filter(({ role, resource: { group: g, resource: r } }) =>
      role === target.role && g === group && r === resource
    );
    await this.#concurrently(mine, async ({ namespace, name }) => {
      const object = await readObject(target.objects.inNamespace(namespace), name, this.#signal);
      if (object === undefined || !isInScope(object, this.#snapshot.selectsNamespace)) return;
      await work(object);
    }, (reference) => reference);
  }

  async #concurrently<T>(
    items: readonly T[],
    work: (item: T) => Promise<void>,
    name: (item: T) => ObjectReference,
  ): Promise<void> {
    await pMap(items, async (item) => {
      try {
        await work(item);
      } catch (error) {
        this.#signal.throwIfAborted();
        this.#tally.failedObject(name(item), error);
      }
    }, { concurrency: this.#concurrency, signal: this.#signal });
  }
}
