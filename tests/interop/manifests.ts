import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { locateBinaries } from "../controlplane/assets.ts";
import { type KubectlResult, runKubectl } from "../controlplane/kubectl.ts";
import { referenceManifests, referenceNames } from "./support/reference_manifests.ts";

const root = new URL("../../", import.meta.url);

/**
 * Applies our manifests over the reference's and the other way round, with kubectl as docs/migration.md says. No sharder
 * may work any more: what it was allowed by a test's set-up is removed.
 */
export async function replaceManifests(kubeconfig: string): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const file = join(folder, "kubeconfig");
    await Deno.writeTextFile(file, kubeconfig, { mode: 0o600 });
    const run = (args: readonly string[], stdin?: string): Promise<KubectlResult> =>
      runKubectl(locateBinaries().kubectl, file, join(folder, "cache"), args, stdin === undefined ? {} : { stdin });
    await showReplacement(async (args, stdin) => {
      const { code, stdout, stderr } = await run(args, stdin);
      assert.equal(code, 0, `kubectl ${args.join(" ")}: ${stderr}`);
      return stdout;
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function showReplacement(kubectl: (args: readonly string[], stdin?: string) => Promise<string>): Promise<void> {
  const ours = fileURLToPath(new URL("deploy/default", root));
  const pod = (): Promise<string> =>
    kubectl(["-n", "sharding-system", "get", "deployment", "sharder", "-o", "jsonpath={.spec.template.spec}"]);
  const applyReference = (): Promise<string> => kubectl(["apply", "--server-side", "-f", "-"], referenceManifests);

  // They were not written by kubectl.
  const roles = "clusterroles,clusterrolebindings,roles,rolebindings";
  await kubectl(["-n", "sharding-system", "delete", roles, "-l", "app.kubernetes.io/name=controller-sharding"]);
  await kubectl(["apply", "--server-side", "-k", ours]);
  const fresh = await pod();
  await kubectl(["-n", "sharding-system", "delete", "deployment", "sharder"]);
  await applyReference();
  const reference = await pod();
  assert.match(reference, /DISABLE_HTTP2/);

  await kubectl(["apply", "--server-side", "-k", ours]);
  assert.equal(await pod(), fresh, "as if the reference had never been there");
  await applyReference();
  assert.equal(await pod(), reference, "as if ours had never been there");

  const page = await Deno.readTextFile(new URL("docs/migration.md", root));
  const built = await kubectl(["kustomize", ours]);
  const names = [...built.matchAll(/^kind: (\w+)\nmetadata:\n(?: {2}(?!name:).*\n)*? {2}name: (\S+)$/gm)];
  assert.ok(names.length > 15, `${names.length} objects`);
  for (const [, kind = "", name = ""] of names) {
    if (!referenceNames.has(`${kind} ${name}`)) assert.ok(page.includes(name), `the page names ${kind} ${name}`);
  }
}
