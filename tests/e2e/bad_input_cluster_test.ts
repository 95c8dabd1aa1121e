import assert from "node:assert/strict";
import { binariesAvailable } from "../controlplane/assets.ts";
import { eventually } from "../controlplane/processes.ts";
import { install, ring } from "./support/installation.ts";

const ignore = !binariesAvailable();

Deno.test("a sharder that finds no CRD says so once, and begins when it is there", { ignore }, async () => {
  await using installation = await install({ manifests: ["namespace", "rbac"] });
  const { process } = await installation.startSharder();
  const complaints = (): readonly string[] =>
    process.lines.filter((line) => line.includes("controllerrings.sharding.timebertt.dev"));
  await eventually("it names the missing resource", () => complaints().length > 0);
  assert.equal(complaints().length, 1, complaints().join("\n"));
  assert.match(complaints()[0] ?? "", /watch fails, retrying .*problem=missing .*install its CRD/);
  await installation.applyFolder("crds");
  await installation.applyFolder("examples/checksum-controller");
  await eventually("the ring is ready", async () => {
    const rings = await installation.kubectl("get", "controllerring", ring, "--no-headers");
    return /^checksum-controller\s+True\s+0\s+0\s/.test(rings);
  }, 60_000);
  assert.equal(await process.stop(), 0);
});

Deno.test("what a ring lacks is named, and keeps no other ring from working", { ignore }, async () => {
  await using installation = await install();
  const { process } = await installation.startReadySharder();
  await installation.apply(`
apiVersion: sharding.timebertt.dev/v1alpha1
kind: ControllerRing
metadata: { name: unknown-resource }
spec:
  resources: [{ group: example.com, resource: gadgets }]
---
apiVersion: sharding.timebertt.dev/v1alpha1
kind: ControllerRing
metadata: { name: no-permission }
spec:
  resources: [{ group: apps, resource: deployments }]
  namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: default } }
---
apiVersion: coordination.k8s.io/v1
kind: Lease
metadata:
  name: nonsense
  namespace: default
  labels: { alpha.sharding.timebertt.dev/controllerring: no-permission }
spec: { holderIdentity: nonsense, leaseDurationSeconds: 15, renewTime: "1971-01-01T00:00:00.000000Z" }
---
apiVersion: coordination.k8s.io/v1
kind: Lease
metadata:
  name: gadget-shard
  namespace: default
  labels: { alpha.sharding.timebertt.dev/controllerring: unknown-resource }
spec:
  holderIdentity: gadget-shard
  leaseDurationSeconds: 3600
  acquireTime: "${new Date().toISOString().replace("Z", "000Z")}"
  renewTime: "${new Date().toISOString().replace("Z", "000Z")}"
`);
  const shard = await installation.startShard("shard-a");
  await installation.kubectl("create", "secret", "generic", "foo", "--from-literal", "foo=bar");
  await eventually("the other ring's shard works", async () => {
    const configMaps = await installation.kubectl("get", "configmap", "-o", "name");
    return configMaps.includes("configmap/checksums-foo");
  });
  const logged = (...words: readonly string[]): Promise<void> =>
    eventually(
      `the sharder logs ${words.join(" ... ")}`,
      () => process.lines.some((line) => words.every((word) => line.includes(word))),
    );
  await logged("gadgets.example.com", "unknown-resource", "CustomResourceDefinition");
  await logged("forbidden", "system:serviceaccount:sharding-system:sharder", "list", "deployments");
  await logged("name=nonsense", "spec.acquireTime is missing");
  const events = await installation.kubectl("get", "events", "-o", "wide");
  assert.match(events, /InvalidLease/);
  assert.equal(await shard.stop(), 0);
  assert.equal(await process.stop(), 0);
});

Deno.test("a malformed admission request is answered with an HTTP error that says what is wrong", {
  ignore,
}, async () => {
  await using installation = await install();
  const { port } = await installation.startReadySharder();
  using client = Deno.createHttpClient({ caCerts: [installation.certificateAuthority] });
  const url = `https://127.0.0.1:${port}/webhooks/sharder/controllerring/${ring}`;
  const headers = { "content-type": "application/json" };
  const table: readonly (readonly [string, number, RegExp])[] = [
    ["{", 400, /not an AdmissionReview: the body is not JSON/],
    ['{"kind":"Secret"}', 400, /not an AdmissionReview/],
  ];
  for (const [body, status, words] of table) {
    const response = await fetch(url, { method: "POST", body, headers, client });
    assert.equal(response.status, status);
    assert.match(await response.text(), words);
  }
});
