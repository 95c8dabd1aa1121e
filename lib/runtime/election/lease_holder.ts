import { ApiError, isConflict } from "../../k8s/errors.ts";
import { type Clock, deadline } from "../../util/clock/mod.ts";
import { type ElectionRecord, isRecordValid, type Lock, type ObservedRecord, sameRecord } from "./election_record.ts";
import { formatMicroTime } from "../../util/micro_time.ts";
import { orAbort } from "./or_abort.ts";

/** Settings of a {@link LeaseHolder}. */
export interface LeaseHolderOptions {
  readonly lock: Lock;
  readonly identity: string;
  /** Milliseconds, as in ElectionTiming. */
  readonly leaseDuration: number;
  readonly renewDeadline: number;
  /** Longest time of one request, in milliseconds. */
  readonly requestTimeout: number;
  readonly clock: Clock;
  /** Called when a renewal had to read the Lease again. */
  readonly onSlowPath: () => void;
}

/** How an attempt ended: the Lease is ours now, or somebody else has it. Failed requests reject. */
export type AttemptResult = "held" | "taken";

/**
 * One identity's view of a lock, and the single steps of the election with client-go's rules: take what is free or
 * did not change for as long as it says itself, renew what is ours, give back what is ours.
 */
export class LeaseHolder {
  readonly #options: LeaseHolderOptions;
  #observed: ObservedRecord | undefined;
  #unknownWrite = false;

  constructor(options: LeaseHolderOptions) {
    this.#options = options;
  }

  /** Identity that was last seen as the holder; "" when nobody is known to hold the Lease. */
  get observedHolder(): string {
    return this.#observed?.record.holder ?? "";
  }

  /** Could the Lease be ours? Also when a write was given up, which may have arrived nevertheless. */
  get mayHold(): boolean {
    return this.#unknownWrite || this.observedHolder === this.#options.identity;
  }

  /** Milliseconds until the Lease may be taken, unless its holder renews it; 0 when it may be taken now. */
  get freeIn(): number {
    const observed = this.#observed;
    if (observed === undefined || observed.record.holder === "") return 0;
    return Math.max(0, observed.since + observed.record.leaseDurationSeconds * 1_000 - this.#options.clock.monotonic());
  }

  /** Acquires the Lease, if it may be acquired. */
  async acquire(signal: AbortSignal): Promise<AttemptResult> {
    const now = this.#options.clock.monotonic();
    const draft = this.#draft();
    const current = await this.#get(signal);
    if (current === undefined) return await this.#write("create", draft, signal);
    const ours = current.holder === this.#options.identity;
    if (!ours && current.holder !== "" && this.#isObservedValid(now)) return "taken";
    return await this.#write("update", ours ? continued(draft, current) : taken(draft, current), signal);
  }

  /**
   * Renews the Lease: at first as if nobody had touched it, else after reading it. "taken" when somebody else has
   * held it since, even if that was only for a moment.
   */
  async renew(signal: AbortSignal): Promise<AttemptResult> {
    const { clock, identity, onSlowPath } = this.#options;
    const now = clock.monotonic();
    const draft = this.#draft();
    const last = this.#observed?.record;
    if (last?.holder === identity && this.#isObservedValid(now)) {
      try {
        return await this.#write("update", continued(draft, last), signal);
      } catch (error) {
        // What came in between shows when the Lease is read; only a stop ends the attempt.
        if (signal.aborted) throw error;
      }
    }
    const current = await this.#get(signal);
    if (current === undefined) return await this.#write("create", draft, signal);
    if (last !== undefined && current.transitions !== last.transitions) return "taken";
    if (current.holder !== identity && current.holder !== "") return "taken";
    onSlowPath();
    const record = current.holder === identity ? continued(draft, current) : taken(draft, current);
    return await this.#write("update", record, signal);
  }

  /** Gives the Lease back, so that the next candidate need not wait. False when it was not ours any more. */
  async release(signal: AbortSignal): Promise<boolean> {
    const { clock, identity, lock } = this.#options;
    while (true) {
      const current = await this.#get(signal);
      if (current === undefined || current.holder !== identity) return false;
      const now = formatMicroTime(clock.now());
      const { transitions } = current;
      const released = { holder: "", leaseDurationSeconds: 1, acquireTime: now, renewTime: now, transitions };
      try {
        await this.#request("release", signal, (limited) => lock.update(released, undefined, limited));
        this.#observe(released);
        return true;
      } catch (error) {
        if (!isConflict(error)) throw error;
      }
    }
  }

  #isObservedValid(now: number): boolean {
    return this.#observed !== undefined && isRecordValid(this.#observed, now);
  }

  #observe(record: ElectionRecord): void {
    this.#observed = { record, since: this.#options.clock.monotonic() };
  }

  /** The times are those of the start of the attempt, so what others conclude from them is never too late for us. */
  #draft(): Draft {
    const { clock, identity, leaseDuration, renewDeadline } = this.#options;
    const start = clock.now();
    const now = formatMicroTime(start);
    return {
      holder: identity,
      // Rounded up: others must not wait for a shorter time than we rely on.
      leaseDurationSeconds: Math.ceil(leaseDuration / 1_000),
      acquireTime: now,
      renewTime: now,
      transitions: 0,
      stopTime: formatMicroTime(start + renewDeadline),
    };
  }

  async #get(signal: AbortSignal): Promise<ElectionRecord | undefined> {
    const { lock } = this.#options;
    const current = await this.#request("read", signal, (limited) => lock.get(limited));
    this.#unknownWrite = false;
    const last = this.#observed?.record;
    if (current !== undefined && (last === undefined || !sameRecord(last, current))) this.#observe(current);
    return current;
  }

  async #write(verb: "create" | "update", draft: Draft, signal: AbortSignal): Promise<AttemptResult> {
    const { lock } = this.#options;
    const { stopTime, ...record } = draft;
    const stopBy = { renewTime: draft.renewTime, stopTime };
    this.#unknownWrite = true;
    try {
      await this.#request(verb, signal, (limited) => lock[verb](record, stopBy, limited));
      this.#unknownWrite = false;
    } catch (error) {
      if (error instanceof ApiError) this.#unknownWrite = false;
      throw error;
    }
    this.#observe(record);
    return "held";
  }

  async #request<T>(
    verb: string,
    signal: AbortSignal,
    send: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const { clock, lock, requestTimeout } = this.#options;
    using limit = deadline(clock, requestTimeout, `the request to ${verb} Lease ${lock.name}`, signal);
    return await orAbort(send(limit.signal), limit.signal);
  }
}

type Draft = ElectionRecord & { readonly renewTime: string; readonly stopTime: string };

/** The holder stays: its term goes on. */
function continued(draft: Draft, current: ElectionRecord): Draft {
  const { acquireTime = draft.renewTime, transitions } = current;
  return { ...draft, acquireTime, transitions };
}

/** The holder changes: a new term begins. */
function taken(draft: Draft, current: ElectionRecord): Draft {
  return { ...draft, transitions: current.transitions + 1 };
}
