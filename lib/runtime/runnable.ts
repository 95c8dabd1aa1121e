/** Something that works until it is told to stop: a controller, a server, an informer. */
export interface Runnable {
  /** Names it in logs and errors. */
  readonly name: string;
  /**
   * Works until `signal` aborts; resolves when all work has ended, rejects when it cannot go on.
   * @param signal asks it to stop: begin nothing new, finish what was begun.
   * @param kill aborts when the time for that is over (or leadership is lost): give up what was begun.
   */
  run(signal: AbortSignal, kill?: AbortSignal): Promise<void>;
}

/** Work went on after it was told to stop and after its time for that was over. Its Lease must not be released. */
export class WorkNotStoppedError extends Error {
  /** Tells it from other errors. */
  override readonly name = "WorkNotStoppedError";
  /** What still ran, one name each. */
  readonly unfinished: readonly string[];

  /**
   * Names what still ran.
   * @param unfinished what still ran, one name each.
   */
  constructor(unfinished: readonly string[], options?: ErrorOptions) {
    super(`did not stop in time, and may still be working: ${unfinished.join(", ")}`, options);
    this.unfinished = unfinished;
  }
}
