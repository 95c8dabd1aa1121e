/**
 * Runs a command with the KUBECONFIG of a control plane of its own, and the built kubectl first in PATH:
 * `deno run -A tests/commands/demo/with_control_plane.ts deno task demo --cluster`.
 */
import { delimiter, dirname } from "node:path";
import { startControlPlane } from "../../controlplane/control_plane.ts";

const [program, ...args] = Deno.args;
if (program === undefined) throw new Error("name a command to run");

// Ctrl-C in the terminal is for the command; the control plane ends after it.
Deno.addSignalListener("SIGINT", () => {});
await using controlPlane = await startControlPlane();
const path = [dirname(controlPlane.binaries.kubectl), Deno.env.get("PATH") ?? ""].join(delimiter);
const child = new Deno.Command(program, { args, env: { KUBECONFIG: controlPlane.kubeconfig, PATH: path } }).spawn();
Deno.addSignalListener("SIGTERM", () => child.kill("SIGTERM"));
const { code } = await child.status;
await controlPlane[Symbol.asyncDispose]();
Deno.exit(code);
