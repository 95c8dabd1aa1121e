/**
 * Time as the rest of the code sees it. Nothing outside this folder asks the machine for the time or sets a timer,
 * so tests and the simulation can run everything on a {@link VirtualClock}.
 */
export interface Clock {
  /** Wall-clock time in milliseconds since the Unix epoch. It may jump when the machine's clock is set. */
  now(): number;
  /** Milliseconds on a clock that never jumps backwards. It may stop while the machine is suspended. */
  monotonic(): number;
  /**
   * Calls `callback` once, `ms` milliseconds from now (at once, but never synchronously, when `ms` is 0 or less).
   * Disposing the result cancels a call that has not happened yet.
   */
  timer(ms: number, callback: () => void): Disposable;
}

/**
 * Resolves after `ms` milliseconds.
 * @throws the signal's reason when the signal aborts first; the timer is cancelled.
 */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason);
    function aborted(): void {
      timer[Symbol.dispose]();
      reject(signal?.reason);
    }
    const timer = clock.timer(ms, () => {
      signal?.removeEventListener("abort", aborted);
      resolve();
    });
    signal?.addEventListener("abort", aborted, { once: true });
  });
}

/** The reason with which {@link deadline} aborts. */
export class DeadlineError extends Error {
  override readonly name = "DeadlineError";
}

/** A signal that aborts with a {@link DeadlineError} after some time; dispose it to give back its timer. */
export interface Deadline extends Disposable {
  /** Aborts at the deadline, or with its parent. */
  readonly signal: AbortSignal;
}

/**
 * A signal that aborts `ms` milliseconds from now, or as soon as `parent` aborts.
 * @param what is named in the error: "<what> took longer than <ms> ms".
 */
export function deadline(clock: Clock, ms: number, what: string, parent?: AbortSignal): Deadline {
  const controller = new AbortController();
  const timer = clock.timer(ms, () => controller.abort(new DeadlineError(`${what} took longer than ${ms} ms`)));
  return {
    signal: parent === undefined ? controller.signal : AbortSignal.any([parent, controller.signal]),
    [Symbol.dispose]: () => timer[Symbol.dispose](),
  };
}
