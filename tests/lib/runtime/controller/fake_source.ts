import type { Enqueue, Source } from "../../../../lib/runtime/controller/mod.ts";

/** A source that a test feeds by hand. */
export class FakeSource implements Source {
  readonly name: string;
  readonly #ready = Promise.withResolvers<void>();
  #enqueue: Enqueue | undefined;

  constructor(name = "fake", ready = true) {
    this.name = name;
    if (ready) this.becomeReady();
  }

  becomeReady(): void {
    this.#ready.resolve();
  }

  /** Enqueues an object of the namespace "default". */
  send(name: string, after?: number): void {
    if (this.#enqueue === undefined) throw new Error(`the source ${this.name} was not started`);
    this.#enqueue({ namespace: "default", name }, after);
  }

  get started(): boolean {
    return this.#enqueue !== undefined;
  }

  start(enqueue: Enqueue, signal: AbortSignal): Promise<void> {
    this.#enqueue = enqueue;
    return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  }

  whenReady(): Promise<void> {
    return this.#ready.promise;
  }
}
