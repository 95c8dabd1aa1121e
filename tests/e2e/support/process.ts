import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { lines } from "../../../lib/util/streams.ts";
import { eventually } from "../../controlplane/processes.ts";

const main = fileURLToPath(new URL("../../../main.ts", import.meta.url));

/** What our commands are allowed: they need no more. */
const permissions = ["--allow-net", "--allow-env", "--allow-read", "--allow-sys=hostname", "--no-prompt"];

/** What runs our program with these arguments. */
export type Program = (args: readonly string[]) => readonly string[];

/** What runs `main.ts` with these arguments, with the permissions that it needs. */
export function mainCommand(args: readonly string[]): readonly string[] {
  return [Deno.execPath(), "run", ...permissions, main, ...args];
}

/**
 * Starts a command in the background, and kills it when standard input closes: so it does not outlive the test runner,
 * whatever happens to that.
 */
const leash = `exec 3<&0
"$@" </dev/null &
child=$!
echo "pid $child"
(cat <&3 >/dev/null; kill -9 $child 2>/dev/null) &
wait $child`;

/** A program as a process of its own. */
export class Process implements AsyncDisposable {
  readonly name: string;
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #output: Promise<unknown>;
  readonly #lines: string[] = [];
  #pid = 0;

  private constructor(name: string, command: readonly string[], env: Readonly<Record<string, string>>) {
    this.name = name;
    this.#child = new Deno.Command("sh", {
      args: ["-c", leash, name, ...command],
      env: { ...env, NO_COLOR: "1" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#output = Promise.all([this.#read(this.#child.stdout), this.#read(this.#child.stderr)]);
  }

  /** Starts any program. */
  static async spawn(
    name: string,
    command: readonly string[],
    env: Readonly<Record<string, string>>,
  ): Promise<Process> {
    const process = new Process(name, command, env);
    await eventually(`${name} has a process id`, () => process.#pid > 0);
    return process;
  }

  get pid(): number {
    return this.#pid;
  }

  /** Everything that it has printed so far, one line each. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Resident memory in megabytes (Linux). */
  async residentMegabytes(): Promise<number> {
    const status = await Deno.readTextFile(`/proc/${this.#pid}/status`);
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
    assert.ok(kilobytes !== undefined, "the kernel tells the resident memory");
    return Number(kilobytes) / 1_024;
  }

  signal(signal: Deno.Signal): void {
    Deno.kill(this.#pid, signal);
  }

  /** Waits for the end. @returns the exit code; above 128: the signal that ended it. */
  async ended(): Promise<number> {
    const { code } = await this.#child.status;
    await this.#input.close().catch(() => undefined); // The shell is gone, and its end of the pipe with it.
    await this.#output;
    return code;
  }

  /** Asks it to stop, and waits for that. */
  async stop(): Promise<number> {
    this.signal("SIGTERM");
    return await this.ended();
  }

  /** As a crash: nothing is released. */
  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.ended();
  }

  /** Kills what still runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close().catch(() => undefined); // It may have ended already.
    await this.#child.status;
    await this.#output;
  }

  async #read(output: ReadableStream<Uint8Array>): Promise<void> {
    for await (const line of lines(output)) {
      const pid = this.#pid === 0 ? /^pid (\d+)$/.exec(line)?.[1] : undefined;
      if (pid === undefined) this.#lines.push(line);
      else this.#pid = Number(pid);
    }
  }
}
