import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { binariesAvailable } from "./assets.ts";
import { linesOf } from "./lines.ts";
import { isFree } from "./ports.ts";
import { eventually, isRunning } from "./processes.ts";

interface Started {
  readonly pids: readonly number[];
  readonly folder: string;
  readonly port: number;
}

function asStarted(line: string): Started {
  const value: unknown = JSON.parse(line);
  assert.ok(typeof value === "object" && value !== null && "pids" in value && "folder" in value && "port" in value);
  assert.ok(typeof value.pids === "object" && value.pids !== null);
  return { pids: Object.values(value.pids).map(Number), folder: String(value.folder), port: Number(value.port) };
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

Deno.test(
  "kill -9 of the test runner takes the whole control plane with it",
  { ignore: !binariesAvailable() },
  async () => {
    const runner = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", fileURLToPath(new URL("testdata/run_control_plane.ts", import.meta.url))],
      stdout: "piped",
    }).spawn();
    const { value: line = "" } = await linesOf(runner.stdout).next();
    const { pids, folder, port } = asStarted(line);
    assert.equal(pids.length, 4, "etcd, API server, controller-manager and supervisor");
    assert.ok(pids.every(isRunning));
    runner.kill("SIGKILL");
    await runner.status;
    for (const pid of pids) await eventually(`process ${pid} is gone`, () => !isRunning(pid));
    assert.ok(!exists(folder), `${folder} is still there`);
    assert.ok(isFree(port));
  },
);
