import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { parseAllDocuments } from "yaml";
import { locate } from "../../../../commands/demo/cluster/apply.ts";
import { readManifests } from "../../../../commands/demo/cluster/manifests.ts";
import { binariesAvailable, locateBinaries } from "../../../controlplane/assets.ts";

const deploy = new URL("../../../../deploy/", import.meta.url);
const ignore = !binariesAvailable();

/** What `kubectl kustomize` makes of a folder: kind and name of each object. */
async function kustomized(folder: string): Promise<readonly string[]> {
  const { kubectl } = locateBinaries({ controllerManager: false });
  const args = ["kustomize", fileURLToPath(new URL(folder, deploy))];
  const { success, stdout, stderr } = await new Deno.Command(kubectl, { args }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return parseAllDocuments(new TextDecoder().decode(stdout)).map((document) => {
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

Deno.test(
  "deploy/default is the sharder with everything that it needs in a cluster with cert-manager",
  { ignore },
  async () => {
    const objects = await kustomized("default");
    for (const folder of ["crds", "sharder"]) {
      for (const object of await kustomized(folder)) assert.ok(objects.includes(object), object);
    }
    assert.ok(objects.includes("Certificate webhook-server") && objects.includes("Issuer selfsigned"));
  },
);
