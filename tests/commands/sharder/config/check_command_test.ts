import assert from "node:assert/strict";
import { parse } from "yaml";
import { sharder } from "../../../../commands/sharder/mod.ts";
import { formatSharderConfig } from "../../../../commands/sharder/config/format_config.ts";
import { parseSharderConfig } from "../../../../commands/sharder/config/sharder_config.ts";
import { fakeParts } from "../../common/fake_parts.ts";

async function check(text: string | undefined, ...flags: readonly string[]): Promise<[number, string, string]> {
  const { parts, output } = fakeParts({ readTextFile: () => Promise.resolve(text) });
  const code = await sharder(["config", "check", "a.yaml", ...flags], parts, new AbortController().signal);
  return [code, output.stdout, output.stderr];
}

Deno.test("sharder config check takes a good file, and needs no cluster", async () => {
  assert.deepEqual(await check("kind: SharderConfig\n"), [0, "a.yaml: ok\n", ""]);
});

Deno.test("sharder config check lists all bad values and unknown fields, one in each line", async () => {
  const [code, stdout, stderr] = await check("gracefulShutdown: 1s\nhealth: { bindAddress: x }\nkind: Other\n");
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(stderr, /^a\.yaml: kind: must be one of "SharderConfig"/m);
  assert.match(stderr, /^a\.yaml: health\.bindAddress: "x" is no address/m);
  assert.match(stderr, /^a\.yaml: gracefulShutdown: unknown field, ignored; did you mean "gracefulShutDown"\?$/m);
});

Deno.test("sharder config check --strict fails for what would be ignored", async () => {
  const text = "controller: { sharder: { concurrentMoves: 0 } }";
  const warning = "a.yaml: warning: controller.sharder.concurrentMoves: 0 would move nothing, 100 are used\n";
  assert.deepEqual(await check(text), [0, "a.yaml: ok\n", warning]);
  assert.deepEqual(await check(text, "--strict"), [1, "", warning]);
});

Deno.test("sharder config check fails for a file that is not there, and for a wrong command line with 2", async () => {
  const [code, , stderr] = await check(undefined);
  assert.equal(code, 1);
  assert.match(stderr, /there is no file a\.yaml/);
  assert.equal((await check("", "-o", "xml"))[0], 2);
});

Deno.test("what sharder config check -o prints means the same as the file", async () => {
  const texts = [
    "",
    "metrics: { bindAddress: '0' }\ncontroller: { sharder: { syncPeriod: 0s } }\ngracefulShutDown: -1s\n",
    "webhook: { config: { clientConfig: { url: https://a, caBundle: Zm9v }, namespaceSelector: {} } }\n" +
    "clientConnection: { qps: 1.5, burst: 3 }\nleaderElection: { leaseDuration: 1m30s }\n",
  ];
  for (const text of texts) {
    for (const format of ["yaml", "json"]) {
      const [code, stdout, stderr] = await check(text, "-o", format);
      assert.deepEqual([code, stderr], [0, ""]);
      assert.deepEqual(parseSharderConfig(parse(stdout)), parseSharderConfig(parse(text)), text);
      // Nothing is left to a default that may change.
      assert.deepEqual(parse(stdout), formatSharderConfig(parseSharderConfig(parse(stdout)).config));
    }
  }
});
