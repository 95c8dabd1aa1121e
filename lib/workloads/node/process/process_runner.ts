/** A program to run for a container. Secrets belong into files or the environment, never into the arguments. */
export interface ProcessSpec {
  /** Path of the program, or a name to be looked up in the PATH of `env`. */
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment: nothing else is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** Working directory. @default the node's own */
  readonly cwd?: string;
}

/** Which of its two outputs a process wrote to. */
export type OutputStream = "stdout" | "stderr";

/** How a process ended. */
export interface ExitStatus {
  /** As a shell has it: 128 plus the signal's number when a signal ended the process. */
  readonly code: number;
  /** Number of the signal that ended it. */
  readonly signal?: number;
}

/** A process that was started. */
export interface RunningProcess {
  readonly pid: number;
  readonly stdout: AsyncIterable<Uint8Array>;
  readonly stderr: AsyncIterable<Uint8Array>;
  /** Resolves when the process has ended and the system has forgotten it: it is no zombie. Never rejects. */
  readonly exited: Promise<ExitStatus>;
  /** Sends a signal to the process and those that it started; nothing happens when they have ended. */
  kill(signal: "SIGTERM" | "SIGKILL"): void;
  /** Ends both outputs, also when something that the process has left behind keeps them open. */
  closeOutput(): void;
}

/** A process could not be started. The message is for the pod's owner. */
export class StartError extends Error {
  override readonly name = "StartError";
}

/** Starts processes. */
export interface ProcessRunner {
  /** @throws StartError when there is no such program, or it may not be run. */
  start(spec: ProcessSpec): RunningProcess;
}
