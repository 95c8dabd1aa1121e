import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { JSONValue } from "../../../lib/k8s/contract.ts";
import { isJsonObject } from "../../../lib/k8s/errors.ts";
import type { Program } from "./process.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** The program as it is shipped. */
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

/** Makes the bundle by the command of `deno task bundle`, in a folder of its own. */
export async function makeBundle(): Promise<Bundle> {
  const folder = await Deno.makeTempDir({ prefix: "bundle-" });
  const remove = (): Promise<void> => Deno.remove(folder, { recursive: true });
  try {
    const command = (await taskCommand("bundle")).replaceAll("bin/bundle", folder);
    const args = ["task", "--cwd", root, "--eval", command];
    const { code, stderr } = await new Deno.Command(Deno.execPath(), { args, stdout: "null", stderr: "piped" })
      .output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    const program = (readable?: string): Program => {
      const flags = bundleFlags.map((flag) => flag === "--allow-read" && readable ? `${flag}=${readable}` : flag);
      return (args) => [Deno.execPath(), "run", ...flags, join(folder, "main.js"), ...args];
    };
    return { folder, program, [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function taskCommand(name: string): Promise<string> {
  const config: JSONValue = JSON.parse(await Deno.readTextFile(join(root, "deno.json")));
  const tasks = isJsonObject(config) ? config["tasks"] : undefined;
  const task = isJsonObject(tasks) ? tasks[name] : undefined;
  const command = isJsonObject(task) ? task["command"] : undefined;
  assert.ok(typeof command === "string", `deno.json has a task ${name}`);
  return command;
}
