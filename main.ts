import { type ShutdownParts, shutdownSignal, type StopSignal } from "./commands/common/shutdown.ts";
import { systemParts } from "./commands/common/system_parts.ts";
import type { CommandFunction, CommandParts } from "./commands/common/parts.ts";

/** A command as the program knows it. */
interface CommandEntry {
  readonly summary: string;
  readonly load: () => Promise<CommandFunction>;
  /** How Ctrl-C stops it. @default as a shard, whose crash can be shown by pressing it twice */
  readonly interrupt?: Pick<ShutdownParts, "secondThoughts" | "echoes">;
}

/** Is this what `deno task bundle` makes of the program? */
const isBundle = !import.meta.url.endsWith(".ts");

/** Every command, loaded only when it is asked for. */
const commands: Readonly<Record<string, CommandEntry>> = {
  "sharder": {
    summary: "spreads the objects of ControllerRings over their shards",
    load: async () => (await import("./commands/sharder/mod.ts")).sharder,
  },
  "checksum-controller": {
    summary: "an example shard: keeps ConfigMaps with the checksums of Secrets",
    load: async () => (await import("./commands/checksum_controller.ts")).checksumController,
  },
  "ring": {
    summary: "shows and steers rings: status, distribution, whereis, simulate, rbac, pause, resume, release",
    load: async () => (await import("./commands/ring/mod.ts")).ring,
    interrupt: { secondThoughts: 0, echoes: 500 },
  },
  "scale": {
    summary: "computes what a cluster of some size asks of the sharder, the shards and the API server",
    load: async () => (await import("./commands/scale.ts")).scale,
  },
  "demo": {
    summary: "shows sharding at work on this machine, without a cluster",
    load: async () =>
      isBundle
        ? demoElsewhere
        : (await unforeseen<typeof import("./commands/demo/mod.ts")>("./commands/demo/mod.ts")).demo,
    interrupt: { secondThoughts: 0, echoes: 500 },
  },
};

async function main(args: readonly string[]): Promise<number> {
  const [name = "", ...rest] = args;
  const parts = systemParts();
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) {
    const isHelp = ["help", "--help", "-h"].includes(name);
    (isHelp ? parts.stdout : parts.stderr)(usage(name, isHelp));
    return isHelp ? 0 : 2;
  }
  const run = await command.load();
  using shutdown = shutdownSignal({
    onSignal: listen,
    clock: parts.clock,
    print: (line) => parts.stderr(`${line}\n`),
    exit: (code) => Deno.exit(code),
    ...command.interrupt,
  });
  return await run(rest, parts, shutdown.signal);
}

/**
 * A module of which the runtime knows nothing until it is asked for: it reads ahead what is imported under a constant
 * name. The demo is three quarters of the program, which cost every other command 10 MB.
 */
async function unforeseen<Module>(path: string): Promise<Module> {
  return await import(path);
}

/** The demo starts processes from the source files, with the manifests beside them: a bundle has neither. */
function demoElsewhere(_args: readonly string[], { stderr }: CommandParts): Promise<number> {
  stderr("the demo is not part of this bundle: run `deno task demo` in a clone of the repository\n");
  return Promise.resolve(2);
}

function usage(name: string, isHelp: boolean): string {
  const problem = isHelp ? "" : name === "" ? "a command is missing\n\n" : `there is no command "${name}"\n\n`;
  const width = Math.max(...Object.keys(commands).map((command) => command.length));
  const lines = Object.entries(commands).map(([command, { summary }]) => `  ${command.padEnd(width)}  ${summary}\n`);
  return `${problem}Usage: main.ts COMMAND [FLAGS]\n\nCommands:\n${lines.join("")}\n` +
    "main.ts COMMAND --help tells more.\n";
}

function listen(listener: (signal: StopSignal) => void): Disposable {
  const signals: readonly StopSignal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];
  const listeners = signals.map((signal) => [signal, (): void => listener(signal)] as const);
  for (const [signal, heard] of listeners) Deno.addSignalListener(signal, heard);
  return {
    [Symbol.dispose](): void {
      for (const [signal, heard] of listeners) Deno.removeSignalListener(signal, heard);
    },
  };
}

// What a command leaves behind (a connection that a server keeps open) must not keep the process alive.
Deno.exit(await main(Deno.args));
