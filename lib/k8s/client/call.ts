/**
 * One request under way. It has a signal of its own, because a signal that lives as long as the program would
 * otherwise collect a listener for each request, and because closing the client must end it.
 */
export class Call implements Disposable {
  readonly #controller = new AbortController();
  readonly #parent: AbortSignal | undefined;
  readonly #calls: Set<Call>;
  readonly #whenOver: (() => void)[] = [];
  readonly #aborted = (): void => this.abort(this.#parent?.reason);

  /**
   * @param parent the caller's signal
   * @param calls all that are under way; this one is among them until it is disposed
   */
  constructor(parent: AbortSignal | undefined, calls: Set<Call>) {
    this.#parent = parent;
    this.#calls = calls;
    calls.add(this);
    if (parent?.aborted === true) this.#aborted();
    else parent?.addEventListener("abort", this.#aborted, { once: true });
  }

  /** Aborts with the caller's signal and when the client is closed. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Gives the request up. */
  abort(reason: unknown): void {
    this.#controller.abort(reason);
  }

  /** Calls back once when the request is done. */
  readonly whenOver = (callback: () => void): void => {
    this.#whenOver.push(callback);
  };

  /** The request is done, with all of its body. */
  [Symbol.dispose](): void {
    for (const callback of this.#whenOver.splice(0)) callback();
    this.#parent?.removeEventListener("abort", this.#aborted);
    this.#calls.delete(this);
  }
}

/**
 * The bytes of an answer as they come. An abort errors it and cancels the body here, because the runtime forgets to:
 * Deno 2.9 loses the signal of a fetch once the Response object is collected, though its body is still being read.
 *
 * @param signal ends it
 * @param toError what a failure of the body is to be for the reader
 * @param ended called once the body is finished, broken, aborted or cancelled
 */
export function guardBody(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
  toError: (cause: unknown) => unknown,
  ended: () => void,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let open = true;
  let abort: () => void = () => undefined;
  function settle(finish: () => void): void {
    if (!open) return;
    open = false;
    signal.removeEventListener("abort", abort);
    ended();
    finish();
  }
  return new ReadableStream<Uint8Array>({
    start(controller): void {
      abort = () =>
        settle(() => {
          controller.error(toError(signal.reason));
          // What else goes wrong with it does not matter any more.
          void reader.cancel(signal.reason).catch(() => undefined);
        });
      if (signal.aborted) abort();
      else signal.addEventListener("abort", abort, { once: true });
    },
    async pull(controller): Promise<void> {
      try {
        const { done, value } = await reader.read();
        if (done) settle(() => controller.close());
        else if (open) controller.enqueue(value);
      } catch (cause) {
        settle(() => controller.error(toError(cause)));
      }
    },
    async cancel(reason): Promise<void> {
      settle(() => undefined);
      await reader.cancel(reason);
    },
  }, { highWaterMark: 0 });
}
