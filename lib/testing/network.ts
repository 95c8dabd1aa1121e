import { type Fault, faults, type Intercept } from "../apiserver/mod.ts";
import type { RequestOptions } from "../k8s/contract.ts";
import { type Clock, sleep } from "../util/clock/mod.ts";
import type { Random } from "../util/random.ts";
import { describeRequest, matches, type RequestFilter, type TestRequest } from "./requests.ts";

/** Which requests a fault befalls. */
export interface FaultRule extends RequestFilter {
  /** So many matching requests pass before the first fault: the n-th is befallen with n - 1. @default 0 */
  readonly skip?: number;
  /** So many matching requests are befallen, then no more. @default all */
  readonly times?: number;
  /** How likely a matching request is befallen, from 0 to 1, by the stage's random numbers. @default 1 */
  readonly chance?: number;
}

/** A fault that is in force until it is disposed of. */
export interface InjectedFault extends Disposable {
  /** How many requests it befell so far. */
  readonly hits: number;
}

interface Rule {
  readonly fault: Fault;
  readonly filter: FaultRule;
  seen: number;
  hits: number;
}

interface Entry extends TestRequest {
  outcome: TestRequest["outcome"];
  error?: unknown;
}

/** Sees each request of a process before the API server does, and may change it and its answer. */
export type RequestIntercept = (process: string, ...args: Parameters<Intercept>) => ReturnType<Intercept>;

/** Hears of requests. */
export type RequestListener = (request: TestRequest) => void;

/** Parts of a {@link Network}. */
export interface NetworkParts {
  readonly clock: Clock;
  /** For latencies and for faults with a chance. */
  readonly random: Random;
  /** Longest time that a request takes to the server, in milliseconds; each takes a random part of it. */
  readonly latency: number;
  /** Keep what was sent? Otherwise only observers hear of it. @default true */
  readonly remembers?: boolean;
}

/** What lies between the processes and the API server: it takes time, remembers, and goes wrong as it is told. */
export class Network {
  readonly #parts: NetworkParts;
  readonly #rules: Rule[] = [];
  readonly #requests: Entry[] = [];
  readonly #listeners = { sent: new Set<RequestListener>(), answered: new Set<RequestListener>() };
  readonly #intercepts = new Set<RequestIntercept>();
  #sent = 0;

  constructor(parts: NetworkParts) {
    this.#parts = parts;
  }

  /** How many requests were sent so far. */
  get sent(): number {
    return this.#sent;
  }

  /** Everything that was sent so far. */
  get requests(): readonly TestRequest[] {
    return this.#requests;
  }

  /** Lets a fault befall requests. Of several that match, the one that was injected first counts. */
  inject(fault: Fault, filter: FaultRule): InjectedFault {
    const rule: Rule = { fault, filter, seen: 0, hits: 0 };
    this.#rules.push(rule);
    return {
      get hits(): number {
        return rule.hits;
      },
      [Symbol.dispose]: () => {
        const index = this.#rules.indexOf(rule);
        if (index >= 0) this.#rules.splice(index, 1);
      },
    };
  }

  /** Calls back when a process sends a request, or when one is answered and the process does not know yet. */
  observe(moment: "sent" | "answered", listener: RequestListener): Disposable {
    const listeners = this.#listeners[moment];
    listeners.add(listener);
    return { [Symbol.dispose]: () => void listeners.delete(listener) };
  }

  /** Lets all requests go through `intercept` until it is disposed of; the last one that was added comes first. */
  tamper(intercept: RequestIntercept): Disposable {
    this.#intercepts.add(intercept);
    return { [Symbol.dispose]: () => void this.#intercepts.delete(intercept) };
  }

  /** What befalls the requests of one connection. */
  intercept(process: string, userAgent: string): Intercept {
    const { clock, random, latency } = this.#parts;
    return async (request, next) => {
      const entry = this.#record(request, process, userAgent);
      const fault = this.#faultFor(entry);
      try {
        if (latency > 0) await sleep(clock, latency * random.next(), request.abortSignal);
        const answer = await faults(clock, () => fault)(request, this.#tampered(process, next));
        entry.outcome = "answered";
        for (const listener of this.#listeners.answered) listener(entry);
        return answer;
      } catch (error) {
        entry.outcome = "failed";
        entry.error = error;
        throw error;
      }
    };
  }

  #tampered(process: string, next: Parameters<Intercept>[1]): Parameters<Intercept>[1] {
    let handle = next;
    for (const intercept of this.#intercepts) {
      const following = handle;
      handle = (request) => intercept(process, request, following);
    }
    return handle;
  }

  #record(request: RequestOptions, process: string, userAgent: string): Entry {
    const number = this.#sent++;
    const at = this.#parts.clock.now();
    const entry: Entry = { number, process, userAgent, at, outcome: "pending", ...describeRequest(request) };
    if (this.#parts.remembers !== false) this.#requests.push(entry);
    for (const listener of this.#listeners.sent) listener(entry);
    return entry;
  }

  #faultFor(request: TestRequest): Fault {
    for (const rule of this.#rules) {
      const { skip = 0, times = Infinity, chance = 1 } = rule.filter;
      if (rule.hits >= times || !matches(request, rule.filter)) continue;
      if (rule.seen++ < skip || (chance < 1 && this.#parts.random.next() >= chance)) continue;
      rule.hits++;
      return rule.fault;
    }
    return { type: "none" };
  }
}
