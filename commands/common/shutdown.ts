/** What {@link shutdownSignal} needs of the process. */
export interface ShutdownParts {
  /** Calls the listener at each SIGINT and SIGTERM until it is disposed of. */
  readonly onSignal: (listener: () => void) => Disposable;
  /** Prints one line. */
  readonly print: (line: string) => void;
  /** Ends the process at once. */
  readonly exit: (code: number) => void;
}

/** A request to stop, from outside the process. Dispose it to stop listening. */
export interface Shutdown extends Disposable {
  /** Aborts with a {@link ShutdownRequest} at the first signal. */
  readonly signal: AbortSignal;
}

/** The reason with which the signal of {@link shutdownSignal} aborts. */
export class ShutdownRequest extends Error {
  override readonly name = "ShutdownRequest";
}

/**
 * Turns the process's signals into an AbortSignal: the first one asks for a graceful stop, the second one ends the
 * process at once with exit code 1, releasing nothing, which is how to see what others do about a crash.
 */
export function shutdownSignal(parts: ShutdownParts): Shutdown {
  const controller = new AbortController();
  const listening = parts.onSignal(() => {
    if (controller.signal.aborted) {
      parts.exit(1);
      return;
    }
    parts.print("Shutting down gracefully, send another SIGINT or SIGTERM to shut down non-gracefully");
    controller.abort(new ShutdownRequest("asked to shut down"));
  });
  return { signal: controller.signal, [Symbol.dispose]: () => listening[Symbol.dispose]() };
}
