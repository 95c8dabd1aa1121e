import { deadline, sleep } from "../../util/clock/mod.ts";
import { jitter } from "../../util/random.ts";
import { WorkNotStoppedError } from "../runnable.ts";
import { ElectionLog, type LeadershipLostError } from "./election_log.ts";
import { elapsedSince, type Fence, LeaseFence, momentOf } from "./lease_fence.ts";
import { type AttemptResult, LeaseHolder } from "./lease_holder.ts";
import type { Lead, LeaderElectorOptions } from "./leader_elector_options.ts";
import { orAbort } from "./or_abort.ts";
import { acquireJitter, timingProblems } from "./timing.ts";

/** Candidates that wait for the same moment come so much later, up to twice as much, in milliseconds. */
const spread = 50;

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
  readonly #log: ElectionLog;
  readonly #measured: string;

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
    const { logger, onNewLeader } = options;
    this.#log = new ElectionLog({ lease: lock.name, identity, logger, onNewLeader });
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
    this.#log.logger.info("waiting for the Lease");
    while (!signal.aborted) {
      const start = momentOf(clock);
      const result = await this.#attempt(() => this.#holder.acquire(signal), signal);
      // An attempt that took too long is ours by the record, but renewed too long ago: renew it at once.
      if (result === "held" && elapsedSince(clock, start) >= renewDeadline) continue;
      if (result === "held" && !signal.aborted) {
        this.#fence.renewed(start);
        this.#log.logger.info("acquired the Lease");
        return true;
      }
      const pause = jitter(random, retryPeriod, acquireJitter);
      // Nobody leads once the holder's time is over, so the next attempt is then and not up to a pause later.
      const free = this.#holder.freeIn;
      // It may have run out while the attempt was on its way, which was too early by that.
      const isExpected = free > 0 || result === "taken";
      const next = isExpected ? Math.min(pause, free + jitter(random, spread, 1)) : pause;
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
      this.#log.lagged(elapsedSince(clock, before) - pause);
      if (this.#fence.expired()) return this.#log.loss("was not renewed in time");
      const start = momentOf(clock);
      const result = await this.#renewOnce(ended);
      if (ended.aborted) return undefined;
      if (result === "taken") return this.#log.loss("was taken over", this.observedHolder);
      // Also an answer that came too late changes nothing: others may have counted on our stop.
      if (this.#fence.expired()) return this.#log.loss("was not renewed in time");
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
      this.#log.succeeded();
      return result;
    } catch (error) {
      if (!signal.aborted) this.#log.failed(error);
      return undefined;
    } finally {
      this.#log.sawLeader(this.observedHolder);
    }
  }

  async #afterLoss(loss: LeadershipLostError, work: Promise<Failure | undefined>): Promise<never> {
    const { clock, leaseDuration, renewDeadline, lossTimeout = leaseDuration - renewDeadline } = this.#options;
    this.#log.logger.error("lost the Lease, the work is being given up", { error: loss });
    using limit = deadline(clock, lossTimeout, "stopping the work after the loss of the Lease");
    const failure = await orAbort(work, limit.signal).catch((error: unknown): Failure => ({ error }));
    if (failure !== undefined) {
      this.#log.logger.warn("the work did not end in order after the loss of the Lease", { error: failure.error });
    }
    throw loss;
  }

  async #release(): Promise<void> {
    const { clock, releaseOnCancel = true, renewDeadline } = this.#options;
    if (!releaseOnCancel) return;
    using limit = deadline(clock, renewDeadline, `releasing Lease ${this.name}`);
    try {
      if (await orAbort(this.#holder.release(limit.signal), limit.signal)) this.#log.logger.info("released the Lease");
    } catch (error) {
      this.#log.logger.warn("cannot release the Lease, others wait until it expires", { error });
    } finally {
      this.#log.sawLeader(this.observedHolder);
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
