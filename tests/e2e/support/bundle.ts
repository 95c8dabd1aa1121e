import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { JSONValue } from "../../../lib/k8s/contract.ts";
import { isJsonObject } from "../../../lib/k8s/errors.ts";
import type { Program } from "./process.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** The program as it is shipped, and run with a cache as an image has it. */
export interface Bundle extends AsyncDisposable {
  /** Where its files are, apart from the sources. */
  readonly folder: string;
  /** Runs it as docs/installation.md says. `readable`: what it may read. @default everything */
  readonly program: (readable?: string) => Program;
}

/** How docs/installation.md starts the bundle; `main.js` and the command follow. */
export const bundleFlags: readonly string[] = [
  "--no-prompt",
  "--no-config",
  "--no-npm",
  "--no-remote",
  "--unstable-net",
  "--allow-net",
  "--allow-env",
  "--allow-read",
  "--allow-sys=hostname",
];

/** Makes the bundle by the command of `deno task bundle`, and fills its cache, in a folder of its own. */
export async function makeBundle(): Promise<Bundle> {
  const home = await Deno.makeTempDir({ prefix: "bundle-" });
  const remove = (): Promise<void> => Deno.remove(home, { recursive: true });
  try {
    const folder = join(home, "bundle");
    const task = (await taskCommand("bundle")).replaceAll("bin/bundle", folder);
    await succeed([Deno.execPath(), "task", "--cwd", root, "--eval", task]);
    const deno = ["env", `DENO_DIR=${join(home, "deno-dir")}`, Deno.execPath(), "run"];
    const main = join(folder, "main.js");
    await succeed([...deno, "--no-config", "--no-npm", "--no-remote", main, "sharder", "--version"]);
    const program = (readable?: string): Program => {
      const flags = bundleFlags.map((flag) => flag === "--allow-read" && readable ? `${flag}=${readable}` : flag);
      return (args) => [...deno, ...flags, main, ...args];
    };
    return { folder, program, [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function succeed([command = "", ...args]: readonly string[]): Promise<void> {
  const { code, stderr } = await new Deno.Command(command, { args, stdout: "null", stderr: "piped" }).output();
  assert.equal(code, 0, `${command} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
}

async function taskCommand(name: string): Promise<string> {
  const config: JSONValue = JSON.parse(await Deno.readTextFile(join(root, "deno.json")));
  const tasks = isJsonObject(config) ? config["tasks"] : undefined;
  const task = isJsonObject(tasks) ? tasks[name] : undefined;
  const command = isJsonObject(task) ? task["command"] : undefined;
  assert.ok(typeof command === "string", `deno.json has a task ${name}`);
  return command;
}
