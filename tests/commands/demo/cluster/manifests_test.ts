import assert from "node:assert/strict";
import { locate } from "../../../../commands/demo/cluster/apply.ts";
import { boundTo } from "../../../../commands/demo/cluster/install.ts";
import { ManifestError, readManifests } from "../../../../commands/demo/cluster/manifests.ts";
import type { JSONObject } from "../../../../lib/k8s/contract.ts";

const deploy = new URL("../../../../deploy/", import.meta.url);

async function kinds(folder: string): Promise<readonly string[]> {
  const objects = await readManifests(new URL(`${folder}/`, deploy));
  return objects.map(locate).map(({ kind, name }) => `${kind} ${name}`);
}

Deno.test("readManifests() reads the sharder with its roles", async () => {
  assert.deepEqual(await kinds("sharder"), [
    "ServiceAccount sharder",
    "ClusterRole sharding:sharder",
    "ClusterRoleBinding sharding:sharder",
    "ClusterRole sharding:sharder:leases",
    "ClusterRoleBinding sharding:sharder:leases",
    "Role sharding:sharder:leader-election",
    "RoleBinding sharding:sharder:leader-election",
    "ClusterRole sharding:metrics-auth",
    "ClusterRoleBinding sharding:metrics-auth",
    "ClusterRole sharding:sharder:metrics-reader",
    "ClusterRole sharding:sharder:pprof-reader",
    "Role sharding:sharder:webhook-certificate",
    "RoleBinding sharding:sharder:webhook-certificate",
    "ConfigMap sharder-config",
    "Deployment sharder",
    "Service sharder",
    "PodDisruptionBudget sharder",
    "FlowSchema sharding-sharder-leases",
  ]);
});

Deno.test("readManifests() reads the example, and the custom resource", async () => {
  const example = await kinds("examples/checksum-controller");
  assert.ok(example.includes("Deployment checksum-controller"));
  assert.ok(example.includes("ControllerRing checksum-controller"));
  assert.ok((await kinds("crds")).includes("CustomResourceDefinition controllerrings.sharding.timebertt.dev"));
});

const faults: readonly [string, Readonly<Record<string, string>>, RegExp][] = [
  ["a missing kustomization", {}, /cannot read .*kustomization\.yaml: run this in a complete clone/],
  ["one without resources", { "kustomization.yaml": "kind: Kustomization" }, /has no list of resources/],
  ["a resource that is no path", { "kustomization.yaml": "resources: [{}]" }, /must be a path/],
  ["a missing file", { "kustomization.yaml": "resources: [a.yaml]" }, /cannot read .*a\.yaml/],
  ["a file without objects", { "kustomization.yaml": "resources: [a.yaml]", "a.yaml": "text" }, /no object/],
  ["broken YAML", { "kustomization.yaml": "resources: [a.yaml]", "a.yaml": "a: [" }, /no object/],
];

for (const [what, files, message] of faults) {
  Deno.test(`readManifests() names the file of ${what}`, async () => {
    const read = (url: URL): Promise<string> => {
      const text = files[url.pathname.replace(/^.*\//, "")];
      return text === undefined ? Promise.reject(new Deno.errors.NotFound("no such file")) : Promise.resolve(text);
    };
    await assert.rejects(readManifests(new URL("file:///folder/"), read), (error) => {
      assert.ok(error instanceof ManifestError);
      assert.match(error.message, message);
      return true;
    });
  });
}

Deno.test("locate() knows where objects are, and refuses kinds that it does not know", () => {
  const deployment = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "a", namespace: "b" } };
  assert.equal(locate(deployment).path, "/apis/apps/v1/namespaces/b/deployments/a");
  assert.equal(locate({ apiVersion: "v1", kind: "Namespace", metadata: { name: "a" } }).path, "/api/v1/namespaces/a");
  for (const wrong of [{}, { ...deployment, kind: "Gadget" }, { ...deployment, metadata: {} }]) {
    assert.throws(() => locate(wrong), ManifestError);
  }
});

Deno.test("boundTo() binds the pods of Deployments, and changes nothing else", () => {
  const podSpec = { containers: [] };
  const deployment: JSONObject = { kind: "Deployment", spec: { replicas: 2, template: { spec: podSpec } } };
  assert.deepEqual(boundTo(deployment, "n"), {
    kind: "Deployment",
    spec: { replicas: 2, template: { spec: { containers: [], nodeName: "n" } } },
  });
  const other = { kind: "Service", spec: {} };
  assert.equal(boundTo(other, "n"), other);
});
