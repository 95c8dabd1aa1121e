import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { lines } from "../../lib/util/streams.ts";
import { binariesAvailable } from "../controlplane/assets.ts";

const ignore = !binariesAvailable();
const script = fileURLToPath(new URL("load.ts", import.meta.url));

/** Starts `deno task load` with these arguments. */
function start(...args: readonly string[]): Deno.ChildProcess {
  const command = ["run", "-A", script, ...args];
  return new Deno.Command(Deno.execPath(), { args: command, stdout: "piped", stderr: "piped" }).spawn();
}

Deno.test("load --quick measures lines, and prints and writes what it found", { ignore }, async () => {
  const file = await Deno.makeTempFile({ prefix: "load-" });
  try {
    const { code, stdout, stderr } = await start("create", "admission", "--quick", "--json", file).output();
    const [table, notes] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    const isComplete = !table?.includes("not measured: h2load is missing");
    assert.equal(code, isComplete ? 0 : 1, notes);
    const row = /^\| creates with webhook, concurrency 20 +\| 1\/s +\| 972 .*\| at least 1250 +\| ([\d.]+) +\|/m.exec(
      table ?? "",
    );
    assert.ok(Number(row?.[1]) > 10, table);
    if (isComplete) {
      assert.match(table ?? "", /^\| admission CPU per 1,000, 3 shards, 16 conn\., HTTP\/1\.1 +\|.*\| at most 65 /m);
    }
    const written: unknown = JSON.parse(await Deno.readTextFile(file));
    assert.match(JSON.stringify(written), /"id":"create\/webhook20\/perSecond".*"ours":\{"median":\d/);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("load gives everything back on Ctrl-C", { ignore }, async () => {
  await using child = start("cold-start", "--quick");
  const output = new Response(child.stdout).text();
  const notes: string[] = [];
  let folder: string | undefined;
  for await (const note of lines(child.stderr)) {
    notes.push(note);
    const found = /the control plane runs, its files are in (.+)$/.exec(note)?.[1];
    if (found === undefined) continue;
    folder = found;
    child.kill("SIGINT");
  }
  assert.equal((await child.status).code, 1, notes.join("\n"));
  assert.match(notes.at(-1) ?? "", /interrupted/);
  assert.match(await output, /^\| figure/);
  // Its supervisor removes it at the very end, when all processes are gone.
  await assert.rejects(Deno.stat(folder ?? assert.fail(notes.join("\n"))), Deno.errors.NotFound);
});

Deno.test("load refuses what it does not know", async () => {
  for (const [args, message] of [[["bogus"], /no line is named bogus/], [["--runs", "0"], /--runs 0/]] as const) {
    const { code, stderr } = await start(...args).output();
    assert.equal(code, 2);
    assert.match(new TextDecoder().decode(stderr), message);
  }
});
