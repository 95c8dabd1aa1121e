import type { Enqueue, Source } from "../../lib/runtime/controller/mod.ts";
import { untilAborted } from "../../lib/util/until_aborted.ts";

/** Rings that shall be looked at again after a while, as a source of the controller that looks at them. */
export class Later implements Source {
  readonly name = "rings that are due again";
  #enqueue: Enqueue = () => undefined;

  async start(enqueue: Enqueue, signal: AbortSignal): Promise<void> {
    this.#enqueue = enqueue;
    await untilAborted(signal);
  }

  whenReady(): Promise<void> {
    return Promise.resolve();
  }

  /** Asks that this ring is looked at after so many milliseconds; nobody does while the controller does not run. */
  readonly ask = (ring: string, ms: number): void => this.#enqueue({ namespace: "", name: ring }, ms);
}
