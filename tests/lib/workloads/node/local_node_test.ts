import assert from "node:assert/strict";
import { Api } from "../../../../lib/k8s/api/api.ts";
import { leases } from "../../../../lib/k8s/kinds/coordination.ts";
import { nodes } from "../../../../lib/workloads/kinds/mod.ts";
import { NodeWorld, podOf } from "./node_world.ts";

Deno.test("a node registers itself and renews its Lease", async () => {
  await using world = new NodeWorld({ labels: { zone: "here" } });
  await world.start();
  const node = await new Api(world.client, nodes).get("local");
  assert.equal(node.metadata.labels?.["zone"], "here");
  assert.deepEqual(node.status?.addresses?.map((each) => each.address), ["127.0.0.1", "local"]);
  assert.equal(node.status?.conditions?.find((each) => each.type === "Ready")?.status, "True");
  assert.deepEqual(node.spec?.taints ?? [], []);
  const lease = new Api(world.client, leases, { namespace: "kube-node-lease" });
  const before = await lease.get("local");
  assert.equal(before.spec?.holderIdentity, "local");
  assert.equal(before.metadata.ownerReferences?.[0]?.uid, node.metadata.uid);
  await world.clock.advance(10_000);
  assert.notEqual((await lease.get("local")).spec?.renewTime, before.spec?.renewTime);
  await world.stop();
  const stopped = await new Api(world.client, nodes).get("local");
  assert.equal(stopped.status?.conditions?.find((each) => each.type === "Ready")?.status, "False");
});

Deno.test("a pod runs, with the statuses and events of a kubelet", async () => {
  await using world = new NodeWorld();
  await world.start();
  await world.run(podOf());
  assert.equal(await world.status(), "Running Running ready=true restarts=0");
  const { status } = await world.pods.get("a");
  assert.deepEqual(status?.conditions?.map((each) => `${each.type}=${each.status}`).toSorted(), [
    "ContainersReady=True",
    "Initialized=True",
    "PodReadyToStartContainers=True",
    "PodScheduled=True",
    "Ready=True",
  ]);
  assert.equal(status?.podIP, "127.0.0.1");
  assert.equal(status?.qosClass, "BestEffort");
  assert.match(status?.containerStatuses?.[0]?.containerID ?? "", /^process:\/\/100$/);
  assert.deepEqual(await world.events(), [
    'Pulled: Container image "app" already present on machine',
    "Created: Created container: main",
    "Started: Started container main",
  ]);
});
