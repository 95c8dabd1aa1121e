import type { ObjectKey } from "../k8s/types.ts";
import type { Enqueue, Source } from "../runtime/controller/mod.ts";

/** A source that is fed by hand: for keys that could not be worked on when they came up. */
export class WakeSource implements Source {
  readonly name: string;
  #enqueue: Enqueue | undefined;

  /**
   * It wakes nobody before it is started.
   * @param name names it in logs.
   */
  constructor(name: string) {
    this.name = name;
  }

  /** Puts the key into the queue of the controller that this source belongs to. Without effect while it does not run. */
  wake(key: ObjectKey): void {
    this.#enqueue?.(key);
  }

  start(enqueue: Enqueue, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    this.#enqueue = enqueue;
    return new Promise((resolve) => {
      signal.addEventListener("abort", () => {
        this.#enqueue = undefined;
        resolve();
      }, { once: true });
    });
  }

  whenReady(): Promise<void> {
    return Promise.resolve();
  }
}
