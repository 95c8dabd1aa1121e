import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { binariesAvailable } from "../controlplane/assets.ts";

const ignore = !binariesAvailable();
const script = fileURLToPath(new URL("load.ts", import.meta.url));

/** The table of `deno task load LINES --quick`. */
async function quickTable(...lines: readonly string[]): Promise<string> {
  const command = ["run", "-A", script, ...lines, "--quick"];
  const output = await new Deno.Command(Deno.execPath(), { args: command, stdout: "piped", stderr: "piped" }).output();
  const [table = "", notes] = [output.stdout, output.stderr].map((bytes) => new TextDecoder().decode(bytes));
  assert.equal(output.code, 0, `${notes}\n${table}`);
  return table;
}

/** What was measured of a figure. */
function valueOf(table: string, what: string): number {
  const row = table.split("\n").find((line) => line.startsWith(`| ${what} `));
  return Number(row?.split("|")[5]?.trim().split(" ")[0] ?? NaN);
}

Deno.test("load membership --quick counts moves and writes as the protocol has them", { ignore }, async () => {
  const table = await quickTable("membership");
  const moved = valueOf(table, "join: Secrets moved");
  assert.ok(moved > 30 && moved < 150, table);
  assert.equal(valueOf(table, "leave: Secrets moved"), moved, table);
  assert.equal(valueOf(table, "join: label changes per moved object"), 1, table);
  assert.ok(Math.abs(valueOf(table, "join: patches per family") - 3) < 0.1, table);
  assert.ok(Math.abs(valueOf(table, "join: admissions per family") - 1) < 0.1, table);
  assert.ok(Math.abs(valueOf(table, "leave: patches per family") - 2) < 0.1, table);
  assert.ok(valueOf(table, "leave: admissions per family") < 0.1, table);
});

Deno.test("load recovery and selector-watches --quick see what nobody assigned, and events", { ignore }, async () => {
  const table = await quickTable("recovery", "selector-watches");
  assert.ok(
    valueOf(table, "webhook unreachable, sharder running: last Secret assigned after its creation") < 30,
    table,
  );
  assert.ok(valueOf(table, "sharder stopped in order: all assigned after its restart") < 30, table);
  const each = valueOf(table, "each selector watch, 100 writes/s of objects that all of them select");
  assert.ok(each > 0 && each < 100, table);
});
