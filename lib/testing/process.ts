import type { RestClient } from "../k8s/contract.ts";
import { ConnectionError } from "../k8s/errors.ts";
import { seededRandom } from "../util/random.ts";
import type { Random } from "../util/random.ts";
import type { Clock } from "../util/clock/mod.ts";
import { Gate } from "./gate.ts";
import type { Network } from "./network.ts";
import { ProcessClient } from "./process_client.ts";
import { ProcessClock } from "./process_clock.ts";

/** What a program on a stage gets in place of its machine. */
export interface ProcessParts {
  /** The stage's time as this process sees it. */
  readonly clock: Clock;
  /** Random numbers of its own, from the stage's seed. */
  readonly random: Random;
  /** Opens a connection to the API server. */
  readonly connect: (connection: { readonly userAgent: string }) => RestClient;
}

/** A program: works until its signal aborts, and rejects when it cannot go on. */
export type Program = (parts: ProcessParts, signal: AbortSignal) => Promise<void>;

/**
 * What became of a process: it runs, is frozen or cut off; it ended in order, was killed, or ended with an error by
 * itself.
 */
export type ProcessState = "running" | "frozen" | "disconnected" | "stopped" | "killed" | "failed";

/** What a stage starts a process with. */
export interface ProcessContext {
  readonly clock: Clock;
  readonly network: Network;
  /** Seed of the process's random numbers. */
  readonly seed: number;
  /** Milliseconds that its wall clock is ahead. */
  readonly skew: number;
  readonly connect: (userAgent: string) => RestClient;
  /** Lets the time go by until the process has ended. */
  readonly untilEnded: (process: TestProcess) => Promise<void>;
}

/** Sets the seeds of clients apart from those of programs. */
const patienceSeed = 5_000;

/**
 * A program that runs inside the test as if it were a process of its own. Its time, its connections and its random
 * numbers are its own, so it can be frozen, cut off or killed without any help of the program.
 */
export class TestProcess {
  /** Unique on its stage. */
  readonly name: string;
  readonly #clock: ProcessClock;
  readonly #gate = new Gate();
  readonly #stop = new AbortController();
  readonly #untilEnded: (process: TestProcess) => Promise<void>;
  #connection = new AbortController();
  #disconnected = false;
  #ended: "stopped" | "failed" | undefined;
  #killed = false;
  #error: unknown;

  /** Made by `TestStage.start()`. */
  constructor(name: string, context: ProcessContext, program: Program) {
    const { clock, network, seed, skew, connect, untilEnded } = context;
    this.name = name;
    this.#clock = new ProcessClock(clock, skew);
    this.#untilEnded = untilEnded;
    const random = seededRandom(seed);
    const patience = { clock: this.#clock, random: seededRandom(seed + patienceSeed) };
    const parts: ProcessParts = {
      clock: this.#clock,
      random,
      connect: ({ userAgent }) =>
        new ProcessClient({
          client: connect(userAgent),
          intercept: network.intercept(name, userAgent),
          gate: this.#gate,
          broken: () => this.#connection.signal,
          patience,
        }),
    };
    void this.#run(program, parts);
  }

  /** What became of it. */
  get state(): ProcessState {
    if (this.#killed) return "killed";
    if (this.#ended !== undefined) return this.#ended;
    if (this.#clock.frozen) return "frozen";
    return this.#disconnected ? "disconnected" : "running";
  }

  /** Does its program run, or would if it were not frozen? */
  get isAlive(): boolean {
    return !this.#killed && this.#ended === undefined;
  }

  /** Why it ended, when its state is "failed". */
  get error(): unknown {
    return this.#error;
  }

  /**
   * Resolves when the process is not frozen: at once, or when it was thawed.
   * @ignore
   */
  whenAwake(): Promise<void> {
    return this.#gate.passed();
  }

  /**
   * Asks it to stop in order, as SIGTERM does, and lets the time go by until it has ended.
   * @throws Error when it is frozen, or does not end within a minute of the stage's time.
   */
  async stop(): Promise<void> {
    if (this.#clock.frozen && !this.#killed) throw new Error(`${this.name} is frozen and cannot stop: thaw it first`);
    this.terminate();
    if (!this.#killed) await this.#untilEnded(this);
  }

  /** Asks it to stop in order, as SIGTERM does, and waits for nothing: what is frozen stops when it is thawed. */
  terminate(): void {
    this.#stop.abort(new Error(`${this.name} was asked to stop`));
  }

  /** Ends it as `kill -9` does: nothing of it runs any more, its connections break, and nothing is released. */
  kill(): void {
    if (this.#ended !== undefined) return;
    this.#killed = true;
    this.#clock.freeze();
    this.#gate.close();
    this.disconnect();
  }

  /** Nothing of it runs until it is thawed, as after SIGSTOP: no timer fires, and what arrives waits. */
  freeze(): void {
    if (this.#ended !== undefined || this.#killed) {
      throw new Error(`${this.name} is ${this.state}: it cannot be frozen`);
    }
    this.#clock.freeze();
    this.#gate.close();
  }

  /**
   * It goes on where it was, and finds out what it missed. Without effect when it is not frozen.
   * @param options.suspended the machine slept: its monotonic clock stood still. @default false
   */
  thaw({ suspended = false }: { readonly suspended?: boolean } = {}): void {
    if (this.#killed) throw new Error(`${this.name} was killed: it cannot be thawed`);
    this.#gate.open();
    this.#clock.thaw(suspended);
  }

  /** Breaks its connections to the API server, and lets it open no others until {@link reconnect}. It runs on. */
  disconnect(): void {
    this.#disconnected = true;
    this.#connection.abort(new ConnectionError(`the connection of ${this.name} is cut`));
  }

  /** Its requests get through again. */
  reconnect(): void {
    if (!this.#disconnected || this.#killed) return;
    this.#disconnected = false;
    this.#connection = new AbortController();
  }

  /**
   * For the end of a test: lets what is left of it run to its end, without reaching anybody.
   * @ignore
   */
  async wind(): Promise<void> {
    this.disconnect();
    this.#stop.abort(new Error("the test is over"));
    this.#gate.open();
    this.#clock.thaw();
    if (this.#ended === undefined) await this.#untilEnded(this);
  }

  /**
   * Has its program returned?
   * @ignore
   */
  get hasEnded(): boolean {
    return this.#ended !== undefined;
  }

  async #run(program: Program, parts: ProcessParts): Promise<void> {
    try {
      // Programs begin in a turn of their own, so that the caller has the process in hand first.
      await Promise.resolve();
      await program(parts, this.#stop.signal);
      this.#ended = "stopped";
    } catch (error) {
      this.#ended = "failed";
      this.#error = error;
    }
  }
}
