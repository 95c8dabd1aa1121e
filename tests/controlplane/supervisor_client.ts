import { fileURLToPath } from "node:url";
import { parseReply, type Reply, type Request } from "./supervisor_protocol.ts";

/** A failed request to a supervisor, with the last log lines of the component that it was about. */
export class SupervisorError extends Error {
  override readonly name = "SupervisorError";
  /** Last log lines of the component, oldest first. */
  readonly lines: readonly string[];

  constructor(message: string, lines: readonly string[], options?: ErrorOptions) {
    super(lines.length === 0 ? message : `${message}\n${lines.map((line) => `  | ${line}`).join("\n")}`, options);
    this.lines = lines;
  }
}

/** A test's handle on its supervisor process. */
export class SupervisorClient implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #output: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;
  readonly #decoder = new TextDecoder();
  #received = "";
  #turn: Promise<unknown> = Promise.resolve();
  #closed: Promise<void> | undefined;

  /**
   * Starts the process.
   *
   * @param commands absolute paths of the programs that it may run
   * @param folder the folder that it may read and write (it creates it)
   */
  constructor(commands: readonly string[], folder: string) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--quiet",
        "--no-prompt",
        "--no-config",
        "--no-remote",
        "--no-npm",
        `--allow-run=${permissionList(commands)}`,
        `--allow-read=${permissionList([folder])}`,
        `--allow-write=${permissionList([folder])}`,
        "--allow-net=127.0.0.1",
        fileURLToPath(new URL("supervisor.ts", import.meta.url)),
      ],
      // A proxy from the environment must come between none of the parts.
      clearEnv: true,
      env: withoutProxies(Deno.env.toObject()),
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
      // A process group of its own, which its children inherit: Ctrl-C would end etcd before the API server.
      detached: true,
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#output = this.#child.stdout.getReader();
  }

  /** Process id of the supervisor. */
  get pid(): number {
    return this.#child.pid;
  }

  /**
   * Sends a request and waits for its reply; requests take turns. Nothing is read outside of a request, so a control
   * plane that several tests share has no operation open while one of them ends (Deno's leak sanitizer).
   *
   * @throws {SupervisorError} when the supervisor reports a failure or is gone
   */
  async request(request: Request): Promise<Extract<Reply, { ok: true }>> {
    const turn = this.#turn.then(() => this.#exchange(request));
    this.#turn = turn.catch(() => {});
    const reply = await turn;
    if (!reply.ok) throw new SupervisorError(reply.message, reply.lines);
    return reply;
  }

  /** Lets the supervisor stop everything and waits until it has. May be called more than once, and during a request. */
  close(): Promise<void> {
    return this.#closed ??= this.#close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #exchange(request: Request): Promise<Reply> {
    try {
      await this.#input.write(new TextEncoder().encode(`${JSON.stringify(request)}\n`));
      return parseReply(await this.#line());
    } catch (error) {
      throw new SupervisorError(`The supervisor ended during "${request.do}"`, [], { cause: error });
    }
  }

  async #line(): Promise<string> {
    while (!this.#received.includes("\n")) {
      const { done, value } = await this.#output.read();
      if (done) throw new Error("its standard output ended");
      this.#received += this.#decoder.decode(value, { stream: true });
    }
    const end = this.#received.indexOf("\n");
    const line = this.#received.slice(0, end);
    this.#received = this.#received.slice(end + 1);
    return line;
  }

  async #close(): Promise<void> {
    // Fails only when the process is gone already, which its exit code tells better.
    await this.#input.close().catch(() => {});
    await this.#turn;
    await this.#output.cancel();
    const { success, code, signal } = await this.#child.status;
    if (!success) {
      throw new SupervisorError(`The supervisor (process ${this.pid}) ended with ${signal ?? `code ${code}`}`, []);
    }
  }
}

/** The value of a permission flag: in a list separated by commas, a comma inside a path is written twice. */
export function permissionList(paths: readonly string[]): string {
  return paths.map((path) => path.replaceAll(",", ",,")).join(",");
}

/** An environment without HTTP_PROXY and its kin, in either case. */
export function withoutProxies(env: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(https?|all|no)_proxy$/i.test(name)));
}
