import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { GoProgress } from "./build.ts";

const script = fileURLToPath(new URL("build.ts", import.meta.url));

/** A stand-in for Go: writes the files that it is asked for, slowly enough for two builds to overlap. */
const fakeGo = `#!/bin/sh
if [ "$1" = version ]; then echo "go version fake"; exit 0; fi
while [ $# -gt 0 ]; do
  if [ "$1" = -o ]; then out=$2; fi
  shift
done
echo k8s.io/some/package >&2
case "$out" in
  */) for name in kube-apiserver kube-controller-manager kubectl; do echo "$$" > "$out$name"; done ;;
  *) echo "$$" > "$out" ;;
esac
`;

interface Build {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function runBuild(path: string, cache: string): Promise<Build> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-config", "-A", script],
    // KUBEBUILDER_ASSETS must not matter to a build.
    env: { PATH: path, XDG_CACHE_HOME: cache, KUBEBUILDER_ASSETS: "/nowhere" },
  }).output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

async function withFakeGo(go: string, use: (path: string, cache: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(join(folder, "bin"));
    if (go !== "") await Deno.writeTextFile(join(folder, "bin", "go"), go, { mode: 0o755 });
    await use(join(folder, "bin"), join(folder, "cache"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const posix = { ignore: Deno.build.os !== "linux" };

Deno.test("build() without Go says what to do and exits with 1", posix, async () => {
  await withFakeGo("", async (path, cache) => {
    const { code, stderr } = await runBuild(path, cache);
    assert.equal(code, 1);
    assert.match(stderr, /no `go` on PATH/);
    assert.match(stderr, /install Go 1\.26/);
    assert.match(stderr, /KUBEBUILDER_ASSETS/);
    assert.doesNotMatch(stderr, /at async|\.ts:\d+/, "no stack trace");
  });
});

Deno.test("build() shows what Go complained of and leaves nothing behind", posix, async () => {
  const go = `#!/bin/sh
if [ "$1" = version ]; then exit 0; fi
echo 'go: go.mod requires go >= 1.26.0 (running go 1.25.0; GOTOOLCHAIN=local)' >&2
exit 1
`;
  await withFakeGo(go, async (path, cache) => {
    const { code, stderr } = await runBuild(path, cache);
    assert.equal(code, 1);
    assert.match(stderr, /requires go >= 1\.26\.0/);
    assert.deepEqual([...Deno.readDirSync(join(cache, "controller-sharding", "controlplane"))], []);
  });
});

Deno.test("two builds at once both succeed, and a third has nothing to do", posix, async () => {
  // Only builtins of sh are used, so PATH needs nothing else.
  await withFakeGo(fakeGo, async (path, cache) => {
    const cacheFolder = join(cache, "controller-sharding", "controlplane");
    await Deno.mkdir(join(cacheFolder, ".building-killed"), { recursive: true });
    await Deno.utime(join(cacheFolder, ".building-killed"), 1, 1);
    const [one, two] = await Promise.all([runBuild(path, cache), runBuild(path, cache)]);
    assert.equal(one.code, 0, one.stderr);
    assert.equal(two.code, 0, two.stderr);
    assert.equal(one.stdout, two.stdout);
    const folder = one.stdout.trim();
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), [
      "etcd",
      "kube-apiserver",
      "kube-controller-manager",
      "kubectl",
    ]);
    assert.equal([...Deno.readDirSync(cacheFolder)].length, 1, "no scratch folder is left");
    await Deno.remove(join(path, "go"));
    const third = await runBuild(path, cache);
    assert.equal(third.code, 0, third.stderr);
    assert.equal(third.stdout, one.stdout);
    assert.doesNotMatch(third.stderr, /Building/);
  });
});

Deno.test("GoProgress counts packages and downloads and keeps the rest", () => {
  const progress = new GoProgress();
  for (
    const chunk of ["go: downloading k8s.io/api v0.36.3\nk8s.io/", "api/core/v1\ninternal/abi\n", "x.go:3: oops\nbye"]
  ) {
    progress.read(chunk);
  }
  assert.equal(progress.summary(), "1 modules downloaded, 2 packages compiled");
  assert.equal(progress.messages(), "x.go:3: oops\nbye");
});
