import { BadLink } from "../../interop/support/bad_link.ts";
import { Process } from "../../e2e/support/process.ts";
import { sleep, systemClock } from "../../../lib/util/clock/mod.ts";
import { sharedTime } from "./monotonic.ts";

/** What a process is. */
export type Role = "shard" | "sharder";

/** A state of a {@link Member}: "away" is between an end and the next start. */
export type MemberState = "running" | "frozen" | "away";

/** After an end that nobody asked for it is started again after so long, as by a kubelet. Milliseconds. */
const restartPause = 1_000;

/** Parts of a {@link Member}. */
export interface MemberParts {
  readonly name: string;
  readonly role: Role;
  /** URL of the API server. */
  readonly server: string;
  /** What is run, given the URL by which the process reaches the API server. */
  readonly command: (url: string) => Promise<readonly string[]>;
  /** Hears of every change of its state, after it, or right before what takes its life. */
  readonly onState: (member: Member) => void;
}

/**
 * A shard or a replica of the sharder: a process with a network of its own to the API server, which is started again
 * under the same name when it ends although nobody asked for that.
 */
export class Member implements AsyncDisposable {
  readonly name: string;
  readonly role: Role;
  readonly link: BadLink;
  readonly #parts: MemberParts;
  readonly #over = new AbortController();
  #process: Process | undefined;
  #state: MemberState = "away";
  #running: Promise<void> = Promise.resolve();
  #read = 0;
  /** Lines of processes that were replaced, not taken yet. */
  readonly #earlier: string[] = [];
  #starts = 0;
  #disposed: Promise<void> | undefined;
  /** The next start is not before that. */
  #downUntil = 0;

  constructor(parts: MemberParts) {
    this.#parts = parts;
    this.name = parts.name;
    this.role = parts.role;
    this.link = new BadLink(parts.server);
  }

  /** Starts it, and again whenever it has ended, until {@link stop}. Returns when the first process is there. */
  async start(): Promise<void> {
    await this.#spawn();
    this.#running = this.#keep();
  }

  get state(): MemberState {
    return this.#state;
  }

  /** Of the present process, or of the last one. */
  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** How often it was started. */
  get starts(): number {
    return this.#starts;
  }

  /** Is it to run on? */
  get isWanted(): boolean {
    return !this.#over.signal.aborted;
  }

  /** Does it say that this is who it is in elections? */
  isKnownAs(identity: string): boolean {
    return identity !== "" && this.#process?.lines.some((line) => line.includes(`identity=${identity}`)) === true;
  }

  /** What its processes have printed since the last call. */
  takeLines(): readonly string[] {
    const lines = this.#process?.lines.slice(this.#read) ?? [];
    this.#read += lines.length;
    return [...this.#earlier.splice(0), ...lines];
  }

  /** As a crash; it comes back. @param pause that it takes until then, in milliseconds */
  async kill(pause = restartPause): Promise<void> {
    const process = this.#process;
    if (process === undefined || this.#state === "away") return;
    this.#downUntil = systemClock.monotonic() + pause;
    this.#become("away");
    signalTo(process, "SIGKILL");
    await process.ended();
  }

  /** Asks it to end, so that it comes back some time later under the same name. */
  async bounce(pause: number): Promise<void> {
    const process = this.#process;
    if (process === undefined || this.#state !== "running") return;
    signalTo(process, "SIGTERM");
    this.#downUntil = systemClock.monotonic() + pause;
    await process.ended();
    this.#downUntil = systemClock.monotonic() + pause;
  }

  /** Stops it in the middle of whatever it does. */
  freeze(): void {
    if (this.#process === undefined || this.#state !== "running") return;
    this.#become("frozen");
    signalTo(this.#process, "SIGSTOP");
  }

  /** Lets it go on. */
  thaw(): void {
    if (this.#process === undefined || this.#state !== "frozen") return;
    signalTo(this.#process, "SIGCONT");
    this.#become("running");
  }

  /** Asks it to end, for good. @returns its exit code */
  async stop(): Promise<number> {
    this.#over.abort();
    this.thaw();
    if (this.#state === "running" && this.#process !== undefined) signalTo(this.#process, "SIGTERM");
    const code = await this.#process?.ended() ?? 0;
    await this.#running;
    return code;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#disposed ??= this.#dispose();
  }

  async #dispose(): Promise<void> {
    this.#over.abort();
    await this.#process?.[Symbol.asyncDispose]();
    await this.#running;
    await this.link[Symbol.asyncDispose]();
  }

  async #spawn(): Promise<void> {
    const command = await this.#parts.command(this.link.url);
    const process = await Process.spawn(this.name, command, {});
    this.#earlier.push(...this.takeLines());
    this.#process = process;
    this.#read = 0;
    this.#starts++;
    this.#become("running");
  }

  async #keep(): Promise<void> {
    const { signal } = this.#over;
    for (;;) {
      const code = await this.#process?.ended();
      this.#earlier.push(...this.takeLines(), `--- ${this.name} ended with code ${code} at ${sharedTime()} ms`);
      if (this.#state !== "away") this.#become("away");
      if (signal.aborted) return;
      const pause = Math.max(restartPause, this.#downUntil - systemClock.monotonic());
      await sleep(systemClock, pause, signal).catch(() => undefined);
      if (signal.aborted) return;
      await this.#spawn();
    }
  }

  #become(state: MemberState): void {
    this.#state = state;
    this.#parts.onState(this);
  }
}

function signalTo(process: Process, signal: Deno.Signal): void {
  try {
    process.signal(signal);
  } catch (error) {
    // It has ended by itself a moment ago.
    if (!(error instanceof Deno.errors.NotFound || error instanceof TypeError)) throw error;
  }
}
