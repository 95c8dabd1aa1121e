/** A program to run to its end. */
export interface HostCommand {
  /** Path of the program, or a name to be looked up in PATH. */
  readonly program: string;
  /** Its arguments. */
  readonly args: readonly string[];
  /** Variables besides those of this process. */
  readonly env: Readonly<Record<string, string>>;
  /** Ends the program. */
  readonly signal: AbortSignal;
}

/** What a program left behind. */
export interface HostCommandResult {
  /** Exit code. */
  readonly code: number;
  /** What it printed. */
  readonly stdout: string;
  /** What it complained of. */
  readonly stderr: string;
}

/** The machine, as far as finding a cluster needs it. Injected, so that tests need no files. */
export interface Host {
  /** Value of an environment variable. */
  env(name: string): string | undefined;
  /** The user's home folder, if there is one. */
  readonly home: string | undefined;
  /** Text of a file; undefined when there is no such file. Rejects when it cannot be read. */
  readTextFile(path: string): Promise<string | undefined>;
  /** Runs a program; undefined when there is no such program. */
  run(command: HostCommand): Promise<HostCommandResult | undefined>;
}

/** The machine that this process runs on. */
export const denoHost: Host = {
  env: (name) => Deno.env.get(name),
  get home(): string | undefined {
    return Deno.env.get("HOME") ?? Deno.env.get("USERPROFILE");
  },
  readTextFile: (path) => unlessMissing(() => Deno.readTextFile(path)),
  run: ({ program, args, env, signal }) =>
    unlessMissing(async () => {
      const command = new Deno.Command(program, { args: [...args], env, signal, stdin: "null" });
      const { code, stdout, stderr } = await command.output();
      const text = new TextDecoder();
      return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
    }),
};

async function unlessMissing<T>(action: () => Promise<T>): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw error;
  }
}
