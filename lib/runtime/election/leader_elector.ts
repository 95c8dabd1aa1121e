import { isAlreadyExists, isConflict } from "../../k8s/errors.ts";
import { type Clock, deadline, sleep } from "../../util/clock/mod.ts";
import { describeError, getLogger, type Logger } from "../../util/log.ts";
import { jitter, type Random } from "../../util/random.ts";
import { WorkNotStoppedError } from "../runnable.ts";
import type { ElectionObserver } from "./election_observer.ts";
import type { Lock } from "./election_record.ts";
import { elapsedSince, type Fence, LeaseFence, momentOf } from "./lease_fence.ts";
import { type AttemptResult, LeaseHolder } from "./lease_holder.ts";
import { orAbort } from "./or_abort.ts";
import { acquireJitter, type ElectionTiming, timingProblems } from "./timing.ts";

/** Settings of a {@link LeaderElector}. */
export interface LeaderElectorOptions extends ElectionTiming {
  /** What is held: one Lease. */
  readonly lock: Lock;
  /** Names the election in measurements. @default the lock's name without its namespace */
  readonly name?: string;
  /** Who we are; no other process may use it at the same time. */
  readonly identity: string;
  /** Gives the Lease back after the work has stopped, so that the next candidate need not wait. @default true */
  readonly releaseOnCancel?: boolean;
  /** Longest time of one request, in milliseconds. @default half of renewDeadline */
  readonly requestTimeout?: number;
  /**
   * After a loss, `run` waits so long for the work to end, in milliseconds.
   * @default leaseDuration - renewDeadline: others begin after that
   */
  readonly lossTimeout?: number;
  /** Called with each new holder that is seen, ourselves included; "" when the Lease was released. */
  readonly onNewLeader?: (identity: string) => void;
  /** Time of renewals and deadlines. */
  readonly clock: Clock;
  /** Jitter of the pauses between tries. */
  readonly random: Random;
  /** Hears who leads. */
  readonly observer?: ElectionObserver;
  /** Hears of gains, losses and failed renewals. @default the logger `sharding.election` */
  readonly logger?: Logger;
}

/** The Lease was lost while work was going on. The process should exit, as it cannot know what it missed. */
export class LeadershipLostError extends Error {
  /** Tells it from other errors. */
  override readonly name = "LeadershipLostError";
}

/** Work that only the holder may do. */
export type Lead = (
  /** Aborts when the work has to stop, because of a stop or a loss. */
  term: AbortSignal,
  /** Aborts when the Lease is lost: others may begin soon, so give up at once what was begun. */
  lost: AbortSignal,
) => Promise<void>;

/** Candidates that wait for the same moment come so much later, up to twice as much, in milliseconds. */
const spread = 50;

/** A renewal pause that takes so much longer than it should, in milliseconds, is worth a warning. */
const noteworthyLag = 1_000;

/**
 * Elects one of several candidates through a {@link Lock} with client-go's rules, on stricter terms for the holder:
 * its deadline counts from the start of the last successful renewal, by the clock that went further, and it stops at
 * once when somebody else has held the Lease. While it stops in order it goes on renewing until the work has ended.
 */
export class LeaderElector implements Fence {
  /** Names the Lease, as `namespace/name`. */
  readonly name: string;
  readonly #options: LeaderElectorOptions;
  readonly #holder: LeaseHolder;
  readonly #fence: LeaseFence;
  readonly #logger: Logger;
  readonly #measured: string;
  #reportedLeader = "";
  #lastFailure = "";

  /**
   * Nothing is read or written yet; see {@link run}.
   * @throws RangeError unless leaseDuration > renewDeadline > 1.2 x retryPeriod > 0 and the identity is not empty.
   */
  constructor(options: LeaderElectorOptions) {
    const { lock, identity, leaseDuration, renewDeadline, requestTimeout = renewDeadline / 2, clock } = options;
    const problem = timingProblems(options)[0];
    if (problem !== undefined) throw new RangeError(`election for ${lock.name}: ${problem.field} ${problem.message}`);
    if (identity === "") throw new RangeError(`election for ${lock.name}: the identity must not be empty`);
    this.name = lock.name;
    this.#measured = options.name ?? lock.name.slice(lock.name.lastIndexOf("/") + 1);
    this.#options = options;
    this.#logger = (options.logger ?? getLogger(["sharding", "election"])).with({ lease: lock.name, identity });
    this.#fence = new LeaseFence(clock, renewDeadline);
    const onSlowPath = (): void => options.observer?.onSlowPath(this.#measured);
    this.#holder = new LeaseHolder({
      lock,
      identity,
      leaseDuration,
      renewDeadline,
      requestTimeout,
      clock,
      onSlowPath,
    });
    options.observer?.onLeading(this.#measured, false);
  }

  expired(): boolean {
    return this.#fence.expired();
  }

  remaining(): number {
    return this.#fence.remaining();
  }

  deadline(): number {
    return this.#fence.deadline();
  }

  /** Identity that was last seen as the holder; "" when there is none. */
  get observedHolder(): string {
    return this.#holder.observedHolder;
  }

  /**
   * Waits for the Lease, calls `lead` once, and keeps the Lease until `lead` has settled. When `signal` aborts, the
   * term is aborted, and after `lead` has settled the Lease is released (not after a WorkNotStoppedError).
   * @throws LeadershipLostError when the Lease is lost, after `lead` has settled or `lossTimeout` is over.
   * @throws what `lead` throws.
   */
  async run(signal: AbortSignal, lead: Lead): Promise<void> {
    if (!await this.#acquire(signal)) return;
    const term = new AbortController();
    const lost = new AbortController();
    const ended = new AbortController();
    const stop = (): void => term.abort(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
    this.#options.observer?.onLeading(this.#measured, true);
    const work = settle(lead, term.signal, lost.signal).finally(() => ended.abort());
    try {
      const loss = await this.#renewUntil(ended.signal);
      // From here on nothing may be written, before anybody else is told that the Lease is free.
      this.#fence.revoke();
      if (loss !== undefined) {
        lost.abort(loss);
        term.abort(loss);
        return await this.#afterLoss(loss, work);
      }
      const failure = await work;
      if (!(failure?.error instanceof WorkNotStoppedError)) await this.#release();
      if (failure !== undefined) throw failure.error;
    } finally {
      signal.removeEventListener("abort", stop);
      this.#options.observer?.onLeading(this.#measured, false);
    }
  }

  /** True when the Lease is held; false when `signal` aborted before. */
  async #acquire(signal: AbortSignal): Promise<boolean> {
    const { clock, random, retryPeriod, renewDeadline } = this.#options;
    this.#logger.info("waiting for the Lease");
    while (!signal.aborted) {
      const start = momentOf(clock);
      const result = await this.#attempt(() => this.#holder.acquire(signal), signal);
      // An attempt that took too long is ours by the record, but renewed too long ago: renew it at once.
      if (result === "held" && elapsedSince(clock, start) >= renewDeadline) continue;
      if (result === "held" && !signal.aborted) {
        this.#fence.renewed(start);
        this.#logger.info("acquired the Lease");
        return true;
      }
      const pause = jitter(random, retryPeriod, acquireJitter);
      // Nobody leads once the holder's time is over, so the next attempt is then and not up to a pause later.
      const free = this.#holder.freeIn;
      const next = free > 0 ? Math.min(pause, free + jitter(random, spread, 1)) : pause;
      await sleep(clock, next, signal).catch(() => undefined);
    }
    if (this.#holder.mayHold) await this.#release();
    return false;
  }

  /** Renews until the work has ended; returns an error when the Lease is lost. */
  async #renewUntil(ended: AbortSignal): Promise<LeadershipLostError | undefined> {
    const { clock, retryPeriod } = this.#options;
    while (!ended.aborted) {
      const pause = Math.min(retryPeriod, this.#fence.remaining());
      const before = momentOf(clock);
      await sleep(clock, pause, ended).catch(() => undefined);
      if (ended.aborted) return undefined;
      this.#noteLag(elapsedSince(clock, before) - pause);
      if (this.#fence.expired()) return this.#loss("was not renewed in time");
      const start = momentOf(clock);
      const result = await this.#renewOnce(ended);
      if (ended.aborted) return undefined;
      if (result === "taken") return this.#loss("was taken over", this.observedHolder);
      // Also an answer that came too late changes nothing: others may have counted on our stop.
      if (this.#fence.expired()) return this.#loss("was not renewed in time");
      if (result === "held") this.#fence.renewed(start);
    }
    return undefined;
  }

  async #renewOnce(ended: AbortSignal): Promise<AttemptResult | undefined> {
    using limit = deadline(this.#options.clock, this.#fence.remaining(), `renewing Lease ${this.name}`, ended);
    return await this.#attempt(() => orAbort(this.#holder.renew(limit.signal), limit.signal), ended);
  }

  /** One attempt; a failure is logged and gives undefined. */
  async #attempt(send: () => Promise<AttemptResult>, signal: AbortSignal): Promise<AttemptResult | undefined> {
    try {
      const result = await send();
      this.#lastFailure = "";
      return result;
    } catch (error) {
      if (!signal.aborted) this.#noteFailure(error);
      return undefined;
    } finally {
      this.#noteLeader();
    }
  }

  /** The same failure again and again is one warning. Losing a race against other candidates is none. */
  #noteFailure(error: unknown): void {
    const failure = describeError(error);
    const level = isConflict(error) || isAlreadyExists(error) || failure === this.#lastFailure ? "debug" : "warn";
    this.#lastFailure = failure;
    this.#logger[level]("cannot acquire or renew the Lease, trying again", { error });
  }

  #noteLeader(): void {
    const leader = this.observedHolder;
    if (leader === this.#reportedLeader) return;
    this.#reportedLeader = leader;
    this.#logger.debug("the Lease has a new holder", { holder: leader });
    this.#options.onNewLeader?.(leader);
  }

  #noteLag(lag: number): void {
    if (lag < noteworthyLag) return;
    this.#logger.warn("the process did not get to renew the Lease for a while: it is overloaded or was suspended", {
      lagSeconds: Math.round(lag) / 1_000,
    });
  }

  #loss(what: string, holder?: string): LeadershipLostError {
    const by = holder === undefined || holder === "" ? "" : ` by "${holder}"`;
    const failure = this.#lastFailure === "" ? "" : `; last failure: ${this.#lastFailure}`;
    return new LeadershipLostError(`Lease ${this.name} of "${this.#options.identity}" ${what}${by}${failure}`);
  }

  async #afterLoss(loss: LeadershipLostError, work: Promise<Failure | undefined>): Promise<never> {
    const { clock, leaseDuration, renewDeadline, lossTimeout = leaseDuration - renewDeadline } = this.#options;
    this.#logger.error("lost the Lease, the work is being given up", { error: loss });
    using limit = deadline(clock, lossTimeout, "stopping the work after the loss of the Lease");
    const failure = await orAbort(work, limit.signal).catch((error: unknown): Failure => ({ error }));
    if (failure !== undefined) {
      this.#logger.warn("the work did not end in order after the loss of the Lease", { error: failure.error });
    }
    throw loss;
  }

  async #release(): Promise<void> {
    const { clock, releaseOnCancel = true, renewDeadline } = this.#options;
    if (!releaseOnCancel) return;
    using limit = deadline(clock, renewDeadline, `releasing Lease ${this.name}`);
    try {
      if (await orAbort(this.#holder.release(limit.signal), limit.signal)) this.#logger.info("released the Lease");
    } catch (error) {
      this.#logger.warn("cannot release the Lease, others wait until it expires", { error });
    } finally {
      this.#noteLeader();
    }
  }
}

interface Failure {
  readonly error: unknown;
}

/** Runs the work; never rejects. */
async function settle(lead: Lead, term: AbortSignal, lost: AbortSignal): Promise<Failure | undefined> {
  try {
    await lead(term, lost);
    return undefined;
  } catch (error) {
    return { error };
  }
}
