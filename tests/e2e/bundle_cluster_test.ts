import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { binariesAvailable } from "../controlplane/assets.ts";
import { eventually } from "../controlplane/processes.ts";
import { bundleFlags, makeBundle } from "./support/bundle.ts";
import { install, ring } from "./support/installation.ts";
import type { Program } from "./support/process.ts";

/** Runs a command to its end, in a folder that has nothing to do with the sources. */
async function run(program: Program, ...args: readonly string[]): Promise<{ code: number; output: string }> {
  const [command = "", ...rest] = program(args);
  const options = { args: rest, cwd: "/", env: { NO_COLOR: "1" }, stdout: "piped", stderr: "piped" } as const;
  const { code, stdout, stderr } = await new Deno.Command(command, options).output();
  return { code, output: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

Deno.test("the bundle has all commands but the demo, which says where it is", async () => {
  await using bundle = await makeBundle();
  const files = Array.from(Deno.readDirSync(bundle.folder), ({ name }) => name);
  assert.ok(files.includes("main.js") && files.every((name) => name.endsWith(".js")), files.join());
  const program = bundle.program("/nowhere");
  for (const command of ["sharder", "checksum-controller", "ring", "scale"]) {
    const { code, output } = await run(program, command, "--help");
    assert.equal(code, 0, output);
    assert.match(output, new RegExp(`^Usage: .*${command}`, "m"));
  }
  assert.deepEqual(await run(program, "sharder", "--version"), {
    code: 0,
    output: "Controller Sharding for Deno v0.1.0\n",
  });
  const demo = await run(program, "demo");
  assert.equal(demo.code, 2);
  assert.match(demo.output, /^the demo is not part of this bundle: run `deno task demo`/);
});

Deno.test("the bundle names an unknown flag, and the field of a configuration that is wrong", async () => {
  await using bundle = await makeBundle();
  const file = join(bundle.folder, "config.yaml");
  await Deno.writeTextFile(
    file,
    "apiVersion: config.sharding.timebertt.dev/v1alpha1\nkind: SharderConfig\nwebhook: { server: { bindAddress: 7 } }\n",
  );
  const unknown = await run(bundle.program(), "sharder", "--nonsense");
  assert.equal(unknown.code, 2, unknown.output);
  assert.match(unknown.output, /unknown option '--nonsense'/);
  const wrong = await run(bundle.program(), "sharder", "--config", file);
  assert.equal(wrong.code, 1, wrong.output);
  assert.match(wrong.output, /webhook\.server\.bindAddress/);
});

Deno.test("docs/installation.md starts the bundle as it is tested here", async () => {
  const page = fileURLToPath(new URL("../../docs/installation.md", import.meta.url));
  const text = (await Deno.readTextFile(page)).replaceAll(/ \\\n\s+/g, " ");
  assert.ok(text.includes(`deno run ${bundleFlags.join(" ")} /app/bundle/main.js sharder`));
});

Deno.test("sharder and shard from the bundle assign, move and reconcile, without reading their own files", {
  ignore: !binariesAvailable(),
}, async () => {
  await using bundle = await makeBundle();
  await using installation = await install({ program: (args) => bundle.program(folder)(args) });
  const { folder } = installation.controlPlane;
  const { process } = await installation.startReadySharder();
  const first = await installation.startShard("shard-a");
  await installation.kubectl("create", "secret", "generic", "foo", "--from-literal", "foo=bar");
  const shardOf = `jsonpath={.metadata.labels.shard\\.alpha\\.sharding\\.timebertt\\.dev/${ring}}`;
  const isOn = async (shard: string): Promise<boolean> => {
    const get = ["get", "--ignore-not-found", "-o", shardOf];
    const owners = [["secret", "foo"], ["configmap", "checksums-foo"]].map((object) =>
      installation.kubectl(...get, ...object)
    );
    return (await Promise.all(owners)).every((owner) => owner === shard);
  };
  await eventually("the Secret and its ConfigMap are on the first shard", () => isOn("shard-a"));
  const second = await installation.startShard("shard-b");
  assert.equal(await first.stop(), 0);
  await eventually("they are on the second shard", () => isOn("shard-b"));
  assert.equal(await second.stop(), 0);
  assert.equal(await process.stop(), 0);
});
