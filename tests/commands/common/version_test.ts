import assert from "node:assert/strict";
import { version } from "../../../commands/common/version.ts";
import { sharder } from "../../../commands/sharder/mod.ts";
import deno from "../../../deno.json" with { type: "json" };
import { fakeParts } from "./fake_parts.ts";

async function run(...args: readonly string[]): Promise<[number, string]> {
  const { parts, output } = fakeParts();
  return [await sharder(args, parts, new AbortController().signal), output.stdout];
}

Deno.test("the program's version is the package's", () => {
  assert.equal(version, deno.version);
});

Deno.test("sharder --version prints the version, and --version=raw those of the runtime too", async () => {
  assert.deepEqual(await run("--version"), [0, `Controller Sharding for Deno v${version}\n`]);
  const [code, raw] = await run("--version=raw");
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(raw), { version: `v${version}`, ...Deno.version });
  assert.equal((await run("--version=other"))[0], 2);
});
