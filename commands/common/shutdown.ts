import type { Clock } from "../../lib/util/clock/mod.ts";

/** How a process is asked to stop: by a person at a terminal, or by the kubelet and scripts. */
export type StopSignal = "SIGINT" | "SIGTERM";

/** Time for a person to press Ctrl-C again before anything is stopped, in milliseconds. */
const usualSecondThoughts = 2_000;

/** What {@link shutdownSignal} needs of the process. */
export interface ShutdownParts {
  /** Calls the listener at each SIGINT and SIGTERM until it is disposed of. */
  readonly onSignal: (listener: (signal: StopSignal) => void) => Disposable;
  readonly clock: Clock;
  /** Prints one line. */
  readonly print: (line: string) => void;
  /** Ends the process at once. */
  readonly exit: (code: number) => void;
  /** Milliseconds between the first SIGINT and the stop. @default 2_000 */
  readonly secondThoughts?: number;
  /**
   * Signals that come so many milliseconds after the first count as the same one: in a terminal, Ctrl-C reaches a
   * program and its launcher (`deno task`, `npx`), and the launcher passes it on. @default 0: none
   */
  readonly echoes?: number;
}

/** A request to stop, from outside the process. Dispose it to stop listening. */
export interface Shutdown extends Disposable {
  /** Aborts with a {@link ShutdownRequest} at the first SIGTERM, or some time after the first SIGINT. */
  readonly signal: AbortSignal;
}

/** The reason with which the signal of {@link shutdownSignal} aborts. */
export class ShutdownRequest extends Error {
  override readonly name = "ShutdownRequest";
}

/**
 * Turns the process's signals into an AbortSignal: the first one asks for a graceful stop, a second one of either kind
 * ends the process at once with exit code 1, releasing nothing, which is how to see what others do about a crash. After
 * Ctrl-C the stop waits for two seconds, because it would often be over before a person has pressed it twice.
 */
export function shutdownSignal(parts: ShutdownParts): Shutdown {
  const { secondThoughts = usualSecondThoughts, echoes = 0 } = parts;
  const controller = new AbortController();
  const stop = (): void => controller.abort(new ShutdownRequest("asked to shut down"));
  let timer: Disposable | undefined;
  let askedAt: number | undefined;
  const listening = parts.onSignal((signal) => {
    const now = parts.clock.monotonic();
    if (askedAt !== undefined) {
      if (now - askedAt >= echoes) parts.exit(1);
      return;
    }
    askedAt = now;
    const waits = signal === "SIGINT" && secondThoughts > 0;
    const when = waits ? ` in ${secondThoughts / 1_000} seconds` : "";
    parts.print(`Shutting down gracefully${when}, send another SIGINT or SIGTERM to shut down non-gracefully`);
    if (waits) timer = parts.clock.timer(secondThoughts, stop);
    else stop();
  });
  return {
    signal: controller.signal,
    [Symbol.dispose](): void {
      timer?.[Symbol.dispose]();
      listening[Symbol.dispose]();
    },
  };
}
