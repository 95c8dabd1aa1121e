import { fileURLToPath } from "node:url";
import { lines } from "../../../lib/util/streams.ts";

const main = fileURLToPath(new URL("../../../main.ts", import.meta.url));

/** What `deno task demo` allows. */
const permissions = ["--allow-net", "--allow-read", "--allow-write", "--allow-env", "--allow-run", "--allow-sys"];

/** `main.ts demo` as a process of its own, with temporary files in a folder of its own. */
export class DemoProcess implements AsyncDisposable {
  readonly lines: string[] = [];
  /** Where its temporary files are. */
  readonly folder: string;
  readonly #child: Deno.ChildProcess;
  readonly #output: Promise<unknown>;
  readonly #waiting = new Set<() => void>();

  private constructor(folder: string, args: readonly string[], env: Readonly<Record<string, string>>) {
    this.folder = folder;
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", ...permissions, main, "demo", ...args],
      env: { TMPDIR: folder, NO_COLOR: "1", ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#output = Promise.all([this.#read(this.#child.stdout), this.#read(this.#child.stderr)]);
  }

  static async start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<DemoProcess> {
    return new DemoProcess(await Deno.makeTempDir({ prefix: "demo-test-" }), args, env);
  }

  /** Everything that it has printed. */
  get text(): string {
    return this.lines.join("\n");
  }

  /** Waits until it has printed a line that matches, or has ended. */
  async printed(pattern: RegExp): Promise<void> {
    const ended = this.#child.status.then(() => "ended" as const);
    while (!this.lines.some((line) => pattern.test(line))) {
      const more = new Promise<"more">((resolve) => this.#waiting.add(() => resolve("more")));
      if (await Promise.race([more, ended]) === "ended") return;
    }
  }

  signal(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Waits for its end. @returns the exit code */
  async ended(): Promise<number> {
    const { code } = await this.#child.status;
    await this.#output;
    return code;
  }

  /** Command lines of processes that have to do with this demo (Linux). */
  async processes(): Promise<readonly string[]> {
    const found: string[] = [];
    for await (const { name } of Deno.readDir("/proc")) {
      if (!/^\d+$/.test(name)) continue;
      // It may have ended meanwhile.
      const text = await Deno.readTextFile(`/proc/${name}/cmdline`).catch(() => "");
      if (text.includes(this.folder)) found.push(text.replaceAll("\0", " "));
    }
    return found;
  }

  /** What it has left in its folder for temporary files. */
  async leftovers(): Promise<readonly string[]> {
    return (await Array.fromAsync(Deno.readDir(this.folder))).map(({ name }) => name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.#child.status;
    await this.#output;
    await Deno.remove(this.folder, { recursive: true });
  }

  async #read(output: ReadableStream<Uint8Array>): Promise<void> {
    for await (const line of lines(output)) {
      this.lines.push(line);
      for (const wake of this.#waiting) wake();
      this.#waiting.clear();
    }
  }
}
