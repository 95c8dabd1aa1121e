import assert from "node:assert/strict";
import { denoProcesses } from "../../../../../lib/workloads/node/process/deno_process.ts";
import type { RunningProcess } from "../../../../../lib/workloads/node/process/process_runner.ts";

const env = { PATH: Deno.env.get("PATH") ?? "", GIVEN: "yes" };

function start(script: string): RunningProcess {
  return denoProcesses.start({ command: "sh", args: ["-c", script], env });
}

async function text(output: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let all = "";
  for await (const chunk of output) all += decoder.decode(chunk, { stream: true });
  return all;
}

/** Of a process that runs, "R" or "S"; of a zombie "Z"; undefined of none. */
async function stateOf(pid: number): Promise<string | undefined> {
  const { stdout } = await new Deno.Command("ps", { args: ["-o", "stat=", "-p", String(pid)] }).output();
  const state = new TextDecoder().decode(stdout).trim();
  return state === "" ? undefined : state.charAt(0);
}

Deno.test("a process gets only its own environment, and its output and exit code come back", async () => {
  const process = start('echo "out $GIVEN ${HOME-none}"; echo err >&2; exit 7');
  const [stdout, stderr, exit] = await Promise.all([text(process.stdout), text(process.stderr), process.exited]);
  assert.deepEqual([stdout, stderr, exit], ["out yes none\n", "err\n", { code: 7 }]);
});

Deno.test("a process that a signal ended says which, and is no zombie", async () => {
  for (const [signal, number] of [["SIGTERM", 15], ["SIGKILL", 9]] as const) {
    const process = start("echo started; sleep 60");
    const reader = process.stdout[Symbol.asyncIterator]();
    await reader.next();
    process.kill(signal);
    assert.deepEqual(await process.exited, { code: 128 + number, signal: number });
    assert.equal(await stateOf(process.pid), undefined);
    await Promise.all([reader.next(), text(process.stderr)]);
    process.kill("SIGKILL"); // Nothing is there any more, and nothing happens.
  }
});

Deno.test("what a process has started and left behind ends with it", async () => {
  const process = start('sleep 60 & echo "$!"');
  const [child] = await Promise.all([text(process.stdout), process.exited, text(process.stderr)]);
  assert.ok([undefined, "Z"].includes(await stateOf(Number(child))), "only init may still have to reap it");
});

Deno.test("closeOutput() ends outputs that something keeps open", async () => {
  // setsid leaves the group; where there is none, the process ends by itself.
  const process = start("(trap '' TERM; command -v setsid >/dev/null && setsid sleep 1 &) ; exit 0");
  await process.exited;
  process.closeOutput();
  assert.equal(await text(process.stdout), "");
  assert.equal(await text(process.stderr), "");
});

Deno.test("a program that does not exist cannot be started, and is named", () => {
  assert.throws(() => denoProcesses.start({ command: "/no/such/program", args: [], env }), {
    name: "StartError",
    message: /cannot start \/no\/such\/program/,
  });
});
