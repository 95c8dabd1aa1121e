import assert from "node:assert/strict";
import { Api } from "../../../../lib/k8s/api/api.ts";
import { configMaps, namespaces } from "../../../../lib/k8s/kinds/core.ts";
import { serviceAccounts } from "../../../../lib/workloads/kinds/core.ts";
import { World } from "../world.ts";

Deno.test("each namespace gets the ServiceAccount default, also after it was deleted", async () => {
  await using world = new World({ controllers: ["service accounts"] });
  world.start();
  await world.quiet();
  const api = new Api(world.client, serviceAccounts);
  const homes = async (): Promise<readonly string[]> =>
    (await api.list()).items.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`).sort();
  const first = ["default/default", "kube-node-lease/default", "kube-public/default", "kube-system/default"];
  assert.deepEqual(await homes(), first);
  await new Api(world.client, namespaces).create({ metadata: { name: "another" } });
  await world.quiet();
  assert.deepEqual(await homes(), ["another/default", ...first]);
  await api.inNamespace("default").delete("default");
  await world.quiet();
  assert.deepEqual(await homes(), ["another/default", ...first]);
  await new Api(world.client, namespaces).delete("another");
  await world.quiet();
  assert.deepEqual(await homes(), first);
  assert.equal(await new Api(world.client, configMaps).list().then(({ items }) => items.length), 0);
});

Deno.test("each namespace gets the certificate authority of the API server, and keeps it", async () => {
  await using world = new World({ controllers: ["service accounts"], rootCertificate: "PEM" });
  world.start();
  await world.quiet();
  const api = new Api(world.client, configMaps, { namespace: "default" });
  const name = "kube-root-ca.crt";
  assert.deepEqual((await api.get(name)).data, { "ca.crt": "PEM" });
  await api.patch(name, { type: "merge", patch: { data: { "ca.crt": "another", more: "x" } } });
  await world.quiet();
  assert.deepEqual((await api.get(name)).data, { "ca.crt": "PEM" });
  await api.delete(name);
  await world.quiet();
  assert.deepEqual((await api.get(name)).data, { "ca.crt": "PEM" });
  const all = (await api.inNamespace(undefined).list()).items.map(({ metadata }) => metadata.name);
  assert.deepEqual(all, [name, name, name, name]);
});
