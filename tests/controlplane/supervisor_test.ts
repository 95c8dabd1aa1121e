import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { linesOf } from "./lines.ts";
import { isFree } from "./ports.ts";
import { eventually, isRunning } from "./processes.ts";
import { SupervisorClient, SupervisorError } from "./supervisor_client.ts";
import { fakePlan } from "./testdata/fake_plan.ts";

const posix = { ignore: Deno.build.os === "windows" };

async function withRecord(use: (folder: string, record: string) => Promise<void>): Promise<void> {
  const record = await Deno.makeTempFile();
  try {
    await use(join(tmpdir(), `controlplane-test-${crypto.randomUUID()}`), record);
  } finally {
    await Deno.remove(record);
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function assertGone(pids: readonly number[], folder: string): Promise<void> {
  for (const pid of pids) await eventually(`process ${pid} is gone`, () => !isRunning(pid));
  await eventually(`${folder} is removed`, async () => !await exists(folder));
}

async function events(record: string): Promise<string[]> {
  return (await Deno.readTextFile(record)).trim().split("\n");
}

Deno.test("the supervisor starts in order, stops in reverse order and removes the folder", posix, async () => {
  await withRecord(async (folder, record) => {
    const plan = fakePlan(folder, record, [["first", "polite"], ["second", "polite"]]);
    const supervisor = new SupervisorClient([Deno.execPath()], folder);
    const { pids } = await supervisor.request({ do: "run", plan });
    assert.deepEqual(Object.keys(pids), ["first", "second"]);
    assert.equal(await Deno.readTextFile(join(folder, "hello.txt")), "hello");
    const { lines } = await supervisor.request({ do: "logs", component: "second", lines: 10 });
    assert.ok(lines.includes("second says hello"), lines.join("\n"));
    await supervisor.close();
    await assertGone([...Object.values(pids), supervisor.pid], folder);
    assert.deepEqual(await events(record), ["first up", "second up", "second term", "first term"]);
  });
});

Deno.test("the supervisor kills a component that does not end, and starts it again on its port", posix, async () => {
  await withRecord(async (folder, record) => {
    const plan = fakePlan(folder, record, [["first", "stubborn"]]);
    await using supervisor = new SupervisorClient([Deno.execPath()], folder);
    const before = (await supervisor.request({ do: "run", plan })).pids["first"] ?? 0;
    const { pids } = await supervisor.request({ do: "stop", component: "first", kill: false });
    assert.deepEqual(pids, {});
    assert.ok(!isRunning(before));
    assert.ok(plan.components[0]?.ports.every(isFree));
    const { pids: after } = await supervisor.request({ do: "start", component: "first" });
    assert.notEqual(after["first"], before);
    const { lines } = await supervisor.request({ do: "logs", component: "first", lines: 10 });
    assert.ok(lines.some((line) => line.includes("first ended with SIGKILL")), lines.join("\n"));
    assert.deepEqual(await events(record), ["first up", "first term", "first up"]);
  });
});

Deno.test("a component that ends early fails the start with its last log lines", posix, async () => {
  await withRecord(async (folder, record) => {
    const plan = fakePlan(folder, record, [["first", "polite"], ["second", "broken"]]);
    const supervisor = new SupervisorClient([Deno.execPath()], folder);
    await assert.rejects(supervisor.request({ do: "run", plan }), (error) => {
      assert.ok(error instanceof SupervisorError);
      assert.match(error.message, /second ended while it was starting/);
      assert.match(error.message, /second cannot find its config/);
      assert.match(error.message, /second ended with code 3/);
      return true;
    });
    await supervisor.close();
    await assertGone([supervisor.pid], folder);
    assert.deepEqual(await events(record), ["first up", "first term"]);
  });
});

Deno.test("closing during a start gives it up and cleans up", posix, async () => {
  await withRecord(async (folder, record) => {
    const plan = fakePlan(folder, record, [["first", "polite"], ["second", "polite"]]);
    const supervisor = new SupervisorClient([Deno.execPath()], folder);
    const started = assert.rejects(supervisor.request({ do: "run", plan }), SupervisorError);
    await eventually("the folder is there", () => exists(folder));
    await supervisor.close();
    await started;
    await assertGone([supervisor.pid], folder);
  });
});

for (const signal of ["SIGKILL", "SIGINT"] as const) {
  Deno.test(`${signal} to the process group of the test runner leaves nothing behind`, posix, async () => {
    await withRecord(async (folder, record) => {
      const runner = new Deno.Command(Deno.execPath(), {
        args: [
          "run",
          "--no-config",
          "-A",
          fileURLToPath(new URL("testdata/run_fakes.ts", import.meta.url)),
          folder,
          record,
        ],
        stdout: "piped",
        // Leader of a process group, like the foreground job of a terminal.
        detached: true,
      }).spawn();
      const { value: line = "{}" } = await linesOf(runner.stdout).next();
      const pids = Object.values<unknown>(JSON.parse(line)).map(Number);
      assert.equal(pids.length, 3);
      assert.ok(pids.every(isRunning));
      Deno.kill(-runner.pid, signal);
      assert.equal((await runner.status).signal, signal);
      await assertGone(pids, folder);
      // In order, so the signal itself has reached none of them.
      assert.deepEqual(await events(record), ["first up", "second up", "second term", "first term"]);
    });
  });
}

Deno.test("signals to the supervisor itself do not end it", posix, async () => {
  await withRecord(async (folder, record) => {
    const plan = fakePlan(folder, record, [["first", "polite"]]);
    await using supervisor = new SupervisorClient([Deno.execPath()], folder);
    const { pids } = await supervisor.request({ do: "run", plan });
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) Deno.kill(supervisor.pid, signal);
    assert.deepEqual((await supervisor.request({ do: "logs", component: "first", lines: 1 })).pids, pids);
  });
});
