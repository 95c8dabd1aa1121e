/** What can be read of a queue at any time. */
export interface QueueGauges {
  /** Keys that need work, those among them that are being worked on for an earlier reason. */
  readonly depth: number;
  /** Seconds since the keys in work were taken: of all together, and of the one that takes longest. */
  unfinished(): { readonly totalSeconds: number; readonly longestSeconds: number };
}

/** Hears what a queue does; measurements hang here. */
export interface QueueObserver {
  /** A queue exists: its gauges may be read from now on. */
  onCreate(queue: string, gauges: QueueGauges): void;
  /** A key needs work that did not need it before. */
  onAdd(queue: string): void;
  /** A worker took a key that had waited so long. */
  onTake(queue: string, waitedSeconds: number): void;
  /** A worker is done with a key after so long. */
  onDone(queue: string, workedSeconds: number): void;
  /** A key was added for later. */
  onRetry(queue: string): void;
}
