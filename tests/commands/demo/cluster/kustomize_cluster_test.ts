import assert from "node:assert/strict";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseAllDocuments } from "yaml";
import { locate } from "../../../../commands/demo/cluster/apply.ts";
import { readManifests } from "../../../../commands/demo/cluster/manifests.ts";
import { binariesAvailable, locateBinaries } from "../../../controlplane/assets.ts";

const deploy = new URL("../../../../deploy/", import.meta.url);
const ignore = !binariesAvailable();

/** What `kubectl kustomize` makes of a folder. */
async function kustomize(folder: string): Promise<string> {
  const { kubectl } = locateBinaries({ controllerManager: false });
  const { success, stdout, stderr } = await new Deno.Command(kubectl, { args: ["kustomize", folder] }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** Kind and name of each object in a folder of deploy/. */
async function kustomized(folder: string): Promise<readonly string[]> {
  return namesIn(await kustomize(fileURLToPath(new URL(folder, deploy))));
}

function namesIn(yaml: string): readonly string[] {
  return parseAllDocuments(yaml).map((document) => {
    return `${document.getIn(["kind"])} ${document.getIn(["metadata", "name"])}`;
  }).toSorted();
}

for (const folder of ["crds", "rbac", "sharder", "examples/checksum-controller"]) {
  Deno.test(`kubectl reads deploy/${folder} as the demo does`, { ignore }, async () => {
    const ours = (await readManifests(new URL(`${folder}/`, deploy))).map(locate).map(({ kind, name }) =>
      `${kind} ${name}`
    );
    assert.deepEqual(await kustomized(folder), ours.toSorted());
  });
}

Deno.test("deploy/default is the custom resource and the sharder, and nothing else", { ignore }, async () => {
  const objects = [...await kustomized("crds"), ...await kustomized("sharder")];
  assert.deepEqual(await kustomized("default"), objects.toSorted());
});

Deno.test("components/cert-manager has cert-manager issue the certificate and inject its CA", { ignore }, async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = (part: string): string => relative(folder, fileURLToPath(new URL(part, deploy)));
    const kustomization = { resources: [path("default")], components: [path("components/cert-manager")] };
    await Deno.writeTextFile(join(folder, "kustomization.yaml"), JSON.stringify(kustomization));
    const yaml = await kustomize(folder);
    const added = ["Certificate webhook-server", "Issuer selfsigned"];
    assert.deepEqual(namesIn(yaml), [...await kustomized("default"), ...added].toSorted());
    assert.match(yaml, /cert-manager\.io\/inject-ca-from: sharding-system\/webhook-server/);
    assert.match(yaml, /certDir: \/etc\/controller-sharding\/webhook-server/);
    assert.match(yaml, /mountPath: \/etc\/controller-sharding\/webhook-server/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
