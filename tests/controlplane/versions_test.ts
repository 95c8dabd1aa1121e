import assert from "node:assert/strict";
import { etcdVersion, kubernetesVersion, recipe } from "./versions.ts";

async function goMod(folder: string): Promise<string> {
  return await Deno.readTextFile(new URL(`${folder}/go.mod`, import.meta.url));
}

Deno.test("kubernetes/go.mod pins the version that the binaries are stamped with", async () => {
  const text = await goMod("kubernetes");
  assert.ok(text.includes(`k8s.io/kubernetes ${kubernetesVersion}`));
  const replaced = [...text.matchAll(/=> k8s\.io\/\S+ (\S+)/g)].map(([, version]) => version);
  assert.ok(replaced.length > 30, `only ${replaced.length} staging modules are replaced`);
  assert.deepEqual([...new Set(replaced)], [kubernetesVersion.replace(/^v1/, "v0")]);
});

Deno.test("etcd/go.mod pins etcd's version", async () => {
  assert.match(
    await goMod("etcd"),
    new RegExp(`go\\.etcd\\.io/etcd/server/v3 ${etcdVersion.replaceAll(".", "\\.")}\\b`),
  );
});

Deno.test("recipe() stamps version, major and minor", () => {
  const flags = recipe().find(({ folder }) => folder === "kubernetes")?.linkerFlags ?? "";
  for (const stamp of [`gitVersion=${kubernetesVersion}`, "gitMajor=1 ", "gitMinor=36 "]) {
    assert.ok(flags.includes(`k8s.io/component-base/version.${stamp}`), `${flags} lacks ${stamp}`);
  }
});
