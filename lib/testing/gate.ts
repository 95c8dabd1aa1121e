/** What passes through waits while the gate is closed. */
export class Gate {
  #closed: PromiseWithResolvers<void> | undefined;

  /** Resolves when the gate is open: at once when it is. */
  async passed(): Promise<void> {
    while (this.#closed !== undefined) await this.#closed.promise;
  }

  /** From now on nothing passes. */
  close(): void {
    this.#closed ??= Promise.withResolvers();
  }

  /** Lets everything pass. */
  open(): void {
    this.#closed?.resolve();
    this.#closed = undefined;
  }
}
