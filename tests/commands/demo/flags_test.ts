import assert from "node:assert/strict";
import { compareVersions, denoProblem, oldestDeno } from "../../../commands/demo/deno_version.ts";
import { type DemoFlags, readFlags, usualPort } from "../../../commands/demo/flags.ts";
import { findInPath } from "../../../commands/demo/kubectl.ts";
import { fakeParts } from "../common/fake_parts.ts";

const usual: DemoFlags = { story: undefined, port: usualPort, cluster: undefined };

const lines: readonly {
  readonly args: readonly string[];
  readonly terminal: boolean;
  readonly means: DemoFlags | number;
}[] = [
  { args: [], terminal: true, means: usual },
  { args: [], terminal: false, means: { ...usual, story: "full" } },
  { args: ["--story", "quick"], terminal: true, means: { ...usual, story: "quick" } },
  { args: ["--port", "0"], terminal: true, means: { ...usual, port: 0 } },
  { args: ["--cluster"], terminal: true, means: { ...usual, cluster: {} } },
  {
    args: ["--cluster", "--kubeconfig", "k", "--context", "c"],
    terminal: true,
    means: { ...usual, cluster: { kubeconfig: "k", context: "c" } },
  },
  { args: ["--kubeconfig", "k"], terminal: true, means: 2 },
  { args: ["--story", "long"], terminal: true, means: 2 },
  { args: ["--port", "65536"], terminal: true, means: 2 },
  { args: ["--port", "x"], terminal: true, means: 2 },
  { args: ["more"], terminal: true, means: 2 },
  { args: ["--help"], terminal: true, means: 0 },
];

for (const { args, terminal, means } of lines) {
  const where = terminal ? "in a terminal" : "without a terminal";
  Deno.test(`readFlags() reads "demo ${args.join(" ")}" ${where} as ${JSON.stringify(means)}`, () => {
    assert.deepEqual(readFlags(args, fakeParts().parts, terminal), means);
  });
}

Deno.test("denoProblem() asks for a newer Deno, with the command that has it", () => {
  assert.equal(denoProblem(oldestDeno), undefined);
  assert.equal(denoProblem(Deno.version.deno), undefined);
  assert.match(denoProblem("2.1.4") ?? "", /this is Deno 2\.1\.4.*npx --yes deno@\d+\.\d+\.\d+ task demo/);
});

Deno.test("compareVersions() compares numbers, not text", () => {
  const signs = [["2.10.0", "2.9.9"], ["2.9.0", "2.9.0-rc.1"], ["1.46.3", "2.0.0"], ["2.9.1+abc", "2.9.0"]] as const;
  assert.deepEqual(signs.map(([a, b]) => Math.sign(compareVersions(a, b))), [1, 0, -1, 1]);
});

Deno.test("findInPath() finds the first file of a name, and passes over folders", async () => {
  const [first, second] = [await Deno.makeTempDir(), await Deno.makeTempDir()];
  try {
    await Deno.mkdir(`${first}/kubectl`);
    await Deno.writeTextFile(`${second}/kubectl`, "");
    assert.equal(await findInPath("kubectl", `/nowhere::${first}:${second}`), `${second}/kubectl`);
    assert.equal(await findInPath("kubectl", first), undefined);
  } finally {
    for (const folder of [first, second]) await Deno.remove(folder, { recursive: true });
  }
});
