import { isDeepStrictEqual } from "node:util";
import type { Api } from "../../lib/k8s/api/api.ts";
import type { KubeObject } from "../../lib/k8s/types.ts";
import { watch } from "../../lib/runtime/watch/mod.ts";
import type { Stage } from "./stage.ts";

/** What a bystander saw of an object, and when: milliseconds of the stage's monotonic clock. */
export interface Sight<V> {
  readonly value: V;
  readonly at: number;
}

/** Follows one aspect of all objects of a resource with a watch: each time it changes is a sight. */
export class History<T extends KubeObject, V> {
  readonly #sights = new Map<string, Sight<V>[]>();
  readonly #aspect: (object: T) => V;

  constructor(stage: Stage, api: Api<T>, aspect: (object: T) => V, signal: AbortSignal) {
    this.#aspect = aspect;
    void this.#follow(stage, api, signal);
  }

  /** The names of all objects that were seen. */
  get names(): readonly string[] {
    return [...this.#sights.keys()];
  }

  /** All that an object went through. */
  sights(name: string): readonly Sight<V>[] {
    return this.#sights.get(name) ?? [];
  }

  /** The same without the times. */
  of(name: string): readonly V[] {
    return this.sights(name).map(({ value }) => value);
  }

  /** When an object was first seen in a state; NaN when it never was. */
  when(name: string, isWanted: (value: V) => boolean): number {
    return this.sights(name).find(({ value }) => isWanted(value))?.at ?? NaN;
  }

  async #follow({ clock, random }: Stage, api: Api<T>, signal: AbortSignal): Promise<void> {
    for await (const event of watch(api, { clock, random, signal })) {
      if (event.type !== "apply" && event.type !== "init_apply") continue;
      const { name } = event.object.metadata;
      const value = this.#aspect(event.object);
      const sights = this.#sights.get(name) ?? [];
      this.#sights.set(name, sights);
      if (!isDeepStrictEqual(sights.at(-1)?.value, value)) sights.push({ value, at: clock.monotonic() });
    }
  }
}
