import type { ObjectKey } from "../../k8s/types.ts";
import type { Logger } from "../../util/log.ts";

/** What a reconciler gets besides the key. */
export interface ReconcileContext {
  /** Aborts when there is no time left to finish: hand it to every request. */
  readonly signal: AbortSignal;
  /** Logs with the controller, the object's key and an id of this run. */
  readonly logger: Logger;
}

/** What a reconciler may answer when it succeeded. */
export interface ReconcileResult {
  /**
   * Come back after so many milliseconds, unless something happens before. 0 or less: as soon as the rate limiter
   * allows.
   */
  readonly requeueAfter?: number;
}

/**
 * Brings what exists in line with what is wanted, for one object. It is level-based: it gets only the key and looks
 * at the present state, as several changes may come as one call, and a call may come without any change. Never
 * called twice at once for the same key. An error means: try again later, with growing pauses.
 */
export type Reconcile = (key: ObjectKey, context: ReconcileContext) => Promise<ReconcileResult | void>;

/** A failure that trying again cannot cure: it is logged and counted, and the key waits for its next event. */
export class TerminalError extends Error {
  /** Tells it from other errors. */
  override readonly name = "TerminalError";
}

/** How one call of a reconciler ended, in controller-runtime's words. */
export type ReconcileOutcome = "success" | "error" | "requeue" | "requeue_after";

/** One finished call of a reconciler. */
export interface ReconcileReport {
  /** How it ended. */
  readonly outcome: ReconcileOutcome;
  /** How long it took. */
  readonly seconds: number;
  /** The error was a TerminalError. */
  readonly terminal: boolean;
  /** The error is a mistake of the program, such as a TypeError. */
  readonly panic: boolean;
}

/** Hears what a controller does; measurements hang here. */
export interface ControllerObserver {
  /** The controller exists, with so many workers. */
  onCreate(controller: string, workers: number): void;
  /** So many workers are busy now. */
  onActive(controller: string, workers: number): void;
  /** A call of the reconciler ended. */
  onReconciled(controller: string, report: ReconcileReport): void;
}

/** Is this a mistake of the program rather than of the world around it? What Go calls a panic. */
export function isPanic(error: unknown): boolean {
  return !(error instanceof Error) || error instanceof TypeError || error instanceof ReferenceError ||
    error instanceof RangeError;
}
