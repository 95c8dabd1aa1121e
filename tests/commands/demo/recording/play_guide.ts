import { delimiter, dirname } from "node:path";
import { startLocalCluster } from "../../../../commands/demo/cluster/local_cluster.ts";
import type { Terminal } from "../../../../commands/live_ring/terminal.ts";
import { runDemo } from "../../../../commands/demo/run.ts";
import { glyphsFor } from "../../../../commands/ring_view/mod.ts";
import { systemParts } from "../../../../commands/common/system_parts.ts";
import type { Block } from "./guide.ts";
import { hasCaughtUp, isSpread, labelsOf } from "./settled.ts";

/** How a guide is played. */
export interface PlayOptions {
  readonly blocks: readonly Block[];
  /** Port of the demo's API server; 0: any free one. */
  readonly port: number;
  readonly kubectl: string;
  /** Is told of each command before it runs. */
  readonly onCommand?: (command: string) => void;
}

/** What was printed while a guide was played. */
export interface Played {
  /** For each block, for each command. */
  readonly outputs: readonly (readonly string[])[];
  /** The pictures of the live view, with control sequences. */
  readonly pictures: readonly string[];
}

/** A command may take so long, and so may what it waits for. Milliseconds. */
const timeout = 60_000;

/** Prints the names of the shards at work. */
const readyShards = "kubectl get lease -l alpha.sharding.timebertt.dev/state=ready " +
  `-o jsonpath='{range .items[*]}{.metadata.name}{"\\n"}{end}'`;

/**
 * Plays a guide's commands on a real demo, one after the other.
 * @throws Error for the first one that fails, with what it printed.
 */
export async function playGuide({ blocks, port, kubectl, onCommand }: PlayOptions): Promise<Played> {
  const terminal = new RecordingTerminal();
  const stop = new AbortController();
  let printed = "";
  const system = systemParts();
  const parts = { ...system, stdout: (text: string): void => void (printed += text) };
  const begin = system.clock.monotonic();
  const { clock, random } = system;
  await using cluster = await startLocalCluster({ port, execPath: Deno.execPath(), clock, random });
  const running = runDemo({ cluster, parts, terminal, story: undefined, begin, log: () => "" }, stop.signal);
  try {
    await Promise.race([terminal.opened, running]);
    const env = {
      KUBECONFIG: /export KUBECONFIG=(\S+)/.exec(printed)?.[1] ?? "",
      PATH: [dirname(kubectl), Deno.env.get("PATH") ?? ""].join(delimiter),
      KUBECACHEDIR: `${cluster.folder}/guide-cache`,
    };
    await using player = new Player(env, onCommand ?? ((): void => {}));
    const outputs: string[][] = [];
    for (const block of blocks) outputs.push(await player.play(block, printed));
    return { outputs, pictures: terminal.pictures };
  } finally {
    stop.abort();
    await running;
  }
}

/** A command that runs until the guide stops it. */
interface Background {
  readonly child: Deno.ChildProcess;
  readonly printed: () => string;
  /** Resolves when it has printed everything. */
  readonly ended: Promise<void>;
}

class Player implements AsyncDisposable {
  readonly #env: Readonly<Record<string, string>>;
  readonly #onCommand: (command: string) => void;
  readonly #background = new Map<string, Background>();

  constructor(env: Readonly<Record<string, string>>, onCommand: (command: string) => void) {
    this.#env = env;
    this.#onCommand = onCommand;
  }

  async play(block: Block, demoOutput: string): Promise<string[]> {
    const { direction, commands, shown } = block;
    switch (direction.type) {
      case "demo":
        return [demoOutput];
      case "start":
        if (shown) return await this.#runAll(commands);
        return [this.#start(direction.name, commands[0] ?? "")];
      case "stop":
        return [await this.#end(direction.name)];
      case "until":
        return await this.#until(commands, direction.pattern);
      case "run":
        return await this.#runAll(commands.filter((command) => !command.startsWith("export ")));
    }
  }

  async #until(commands: readonly string[], pattern: RegExp): Promise<string[]> {
    const end = performance.now() + timeout;
    while (true) {
      const outputs = await this.#runAll(commands);
      const last = outputs.join("");
      if (pattern.test(last)) return outputs;
      if (performance.now() > end) throw new Error(`${commands.join("; ")} never printed ${pattern}:\n${last}`);
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  }

  async #runAll(commands: readonly string[]): Promise<string[]> {
    const outputs: string[] = [];
    for (const command of commands) outputs.push(await this.#run(command));
    return outputs;
  }

  async #run(command: string): Promise<string> {
    this.#onCommand(command);
    const { code, stdout } = await this.#shell(command);
    if (code !== 0) throw new Error(`${command} ended with exit code ${code}:\n${stdout}`);
    return stdout;
  }

  async #shell(command: string): Promise<{ readonly code: number; readonly stdout: string }> {
    const shell = new Deno.Command("bash", {
      args: ["-o", "pipefail", "-c", `{ ${command}; } 2>&1`],
      env: this.#env,
      stdin: "null",
      signal: AbortSignal.timeout(timeout),
    });
    const { code, stdout } = await shell.output();
    return { code, stdout: new TextDecoder().decode(stdout) };
  }

  #start(name: string, command: string): string {
    this.#onCommand(command);
    const shell = new Deno.Command("bash", {
      args: ["-c", `exec ${command}`],
      env: this.#env,
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    });
    const child = shell.spawn();
    let text = "";
    const reading = async (): Promise<void> => {
      for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) text += chunk;
    };
    this.#background.set(name, { child, printed: () => text, ended: reading() });
    return "";
  }

  /** Ends a watch on Secrets when all of them are where they belong, and it has told of that. */
  async #end(name: string): Promise<string> {
    const running = this.#background.get(name);
    if (running === undefined) throw new Error(`the guide stops ${name}, which it has not started`);
    const end = performance.now() + timeout;
    while (true) {
      const { stdout } = await this.#shell(readyShards);
      const ready = new Set(stdout.split("\n").filter((shard) => shard !== ""));
      const labels = labelsOf((await this.#shell("kubectl get secret --show-labels")).stdout);
      if (isSpread(labels, ready) && hasCaughtUp(running.printed(), labels)) break;
      if (performance.now() > end) throw new Error(`${name} has not seen all moves:\n${running.printed()}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return await this.#kill(name, running);
  }

  async #kill(name: string, { child, printed, ended }: Background): Promise<string> {
    this.#background.delete(name);
    child.kill("SIGTERM");
    await Promise.all([child.status, ended]);
    return printed();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const [name, running] of [...this.#background]) await this.#kill(name, running);
  }
}

/** From the upper left corner to the end. */
const whole = new RegExp("\u001b\\[H([\\s\\S]*)\u001b\\[J");

/** Keeps every picture that was drawn. */
class RecordingTerminal implements Terminal {
  readonly pictures: string[] = [];
  readonly colour = true;
  readonly glyphs = glyphsFor(() => "C.UTF-8");
  readonly #opened = Promise.withResolvers<void>();

  /** Resolves with the first picture. */
  get opened(): Promise<void> {
    return this.#opened.promise;
  }

  size(): { readonly width: number; readonly height: number } {
    return { width: 110, height: 36 };
  }

  write(text: string): void {
    const picture = whole.exec(text)?.[1];
    if (picture === undefined) return;
    this.pictures.push(picture);
    this.#opened.resolve();
  }

  onResize(): Disposable {
    return { [Symbol.dispose]: (): void => {} };
  }
}
