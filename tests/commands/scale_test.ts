import assert from "node:assert/strict";
import { scale } from "../../commands/scale.ts";
import { fakeParts } from "./common/fake_parts.ts";

async function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const { parts, output } = fakeParts();
  const code = await scale(args, parts);
  return { code, stdout: output.stdout, stderr: output.stderr };
}

function line(table: string, name: string): string {
  const found = table.split("\n").find((line) => line.startsWith(name));
  assert.ok(found, `${name} in ${table}`);
  return found.slice(name.length).trim().replaceAll(/ +/g, " ");
}

Deno.test("scale prints a line for each load, with its limit and share of it, and the first wall", async () => {
  const { code, stdout } = await run("--objects", "1000000", "--shards=100", "--rings=20", "--nodes=5000");
  assert.equal(code, 0);
  assert.match(line(stdout, "sharder: memory"), /^\d+ MiB 512 MiB \d+ %$/);
  assert.match(line(stdout, "shard crashes: until its objects have moved"), /^\d+ s$/);
  assert.match(stdout, /\nThe first wall, with \d+ objects .*: .+\.\nWhat helps: .+\.\n$/);
});

Deno.test("scale takes each flag into account", async () => {
  const usual = (await run()).stdout;
  const flags = [
    ["--objects", "9"],
    ["--children", "0"],
    ["--shards", "99"],
    ["--namespaces", "90000"],
    ["--creates", "900"],
    ["--changes", "900"],
    ["--sync-period", "9"],
    ["--api-server-cores", "99"],
    ["--replicas", "1", "--creates", "999"],
    ["--rings", "99", "--same-resource", "--changes", "99"],
    ["--nodes", "90000"],
  ];
  for (const args of flags) {
    const { code, stdout } = await run(...args);
    assert.equal(code, 0, args.join(" "));
    assert.notEqual(stdout, usual, args.join(" "));
  }
});

Deno.test("scale names the flag whose value is no number, or too small a one", async () => {
  for (
    const [flag, value] of [["--objects", "many"], ["--shards", "0"], ["--creates", "-1"], ["--rings", ""]] as const
  ) {
    const { code, stderr } = await run(`${flag}=${value}`);
    assert.equal(code, 2, flag);
    assert.match(stderr, new RegExp(`'${flag} <number>'.*number of at least`));
  }
  assert.equal((await run("--shard", "5")).code, 2);
});

Deno.test("scale --help lists what it takes as ordinary", async () => {
  const { code, stdout } = await run("--help");
  assert.equal(code, 0);
  assert.match(stdout, /--objects <number>\s+main objects of all rings \(default:\s+50000\)/);
});
