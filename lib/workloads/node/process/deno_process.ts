import { constants } from "node:os";
import {
  type ExitStatus,
  type ProcessRunner,
  type ProcessSpec,
  type RunningProcess,
  StartError,
} from "./process_runner.ts";

/**
 * Processes of this machine. Each leads a process group of its own, so that a signal reaches what it started too, and
 * Ctrl-C in a terminal reaches only the node, which then stops its pods in order.
 */
export const denoProcesses: ProcessRunner = { start };

function start({ command, args, env, cwd }: ProcessSpec): RunningProcess {
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(command, {
      args: [...args],
      env: { ...env },
      clearEnv: true,
      ...(cwd === undefined ? {} : { cwd }),
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      detached: Deno.build.os !== "windows",
    }).spawn();
  } catch (cause) {
    throw new StartError(`cannot start ${command}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
  const { pid } = child;
  const kill = (signal: "SIGTERM" | "SIGKILL"): void => {
    try {
      Deno.kill(Deno.build.os === "windows" ? pid : -pid, signal);
    } catch (error) {
      // It has ended already; a group of which only zombies are left cannot be signalled on macOS.
      if (!(error instanceof Deno.errors.NotFound) && !(error instanceof Deno.errors.PermissionDenied)) throw error;
    }
  };
  const outputs = [new Output(child.stdout), new Output(child.stderr)] as const;
  const [stdout, stderr] = outputs;
  return {
    pid,
    stdout,
    stderr,
    exited: ended(child, kill),
    kill,
    closeOutput: () => outputs.forEach((output) => output.close()),
  };
}

/** A stream that can be ended while somebody reads it. */
class Output implements AsyncIterable<Uint8Array> {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    for (let read = await this.#reader.read(); !read.done; read = await this.#reader.read()) yield read.value;
  }

  close(): void {
    this.#reader.cancel().catch(() => undefined); // It has broken, so it has ended.
  }
}

async function ended(child: Deno.ChildProcess, kill: (signal: "SIGKILL") => void): Promise<ExitStatus> {
  const { code, signal } = await child.status;
  // A container ends with its first process: what that has started and left behind goes too.
  kill("SIGKILL");
  const number = Object.entries(constants.signals).find(([name]) => name === signal)?.[1];
  return number === undefined ? { code } : { code: 128 + number, signal: number };
}
