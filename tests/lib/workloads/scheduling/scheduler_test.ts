import assert from "node:assert/strict";
import { type Fault, faults } from "../../../../lib/apiserver/mod.ts";
import { Api } from "../../../../lib/k8s/api/api.ts";
import { type Node, nodes, type Pod } from "../../../../lib/workloads/kinds/core.ts";
import { podCondition } from "../../../../lib/workloads/objects/pod_state.ts";
import { World } from "../world.ts";

class Cluster extends World {
  readonly nodes: Api<Node>;

  constructor() {
    super({ controllers: ["scheduling"] });
    this.nodes = new Api(this.client, nodes);
  }

  async addNode(name: string, ready = true): Promise<void> {
    await this.nodes.create({ metadata: { name } });
    await this.setReady(name, ready);
  }

  async setReady(name: string, ready: boolean): Promise<void> {
    const condition = { type: "Ready", status: ready ? "True" : "False" };
    // The real API server gives new nodes a taint until a controller sees that they are ready.
    await this.nodes.patch(name, { type: "merge", patch: { spec: { taints: null } } });
    await this.nodes.status.patch(name, { type: "merge", patch: { status: { conditions: [condition] } } });
  }

  async addPod(name: string, spec: Partial<Pod["spec"]> = {}): Promise<void> {
    await this.pods.create({ metadata: { name }, spec: { containers: [{ name: "main", image: "one" }], ...spec } });
  }

  async nodeOf(name: string): Promise<string | undefined> {
    return (await this.pods.get(name)).spec.nodeName;
  }
}

Deno.test("pods are spread over the nodes that can take them, even before the cache shows what was done", async () => {
  await using cluster = new Cluster();
  cluster.start(faults(cluster.clock, ({ querystring }): Fault => {
    return querystring?.get("watch") === "true" ? { type: "slow stream", ms: 1_000 } : { type: "none" };
  }));
  for (const name of ["a", "b"]) await cluster.addNode(name);
  await cluster.addNode("broken", false);
  await cluster.quiet(5_000);
  for (let i = 0; i < 6; i++) await cluster.addPod(`pod-${i}`);
  await cluster.quiet(5_000);
  const used = (await cluster.podsOf()).map(({ spec }) => spec.nodeName).sort();
  assert.deepEqual(used, ["a", "a", "a", "b", "b", "b"]);
  assert.deepEqual(podCondition(await cluster.pods.get("pod-0"), "PodScheduled")?.status, "True");
  const [event] = await cluster.eventsOf("pod-0");
  assert.match(event ?? "", /^Scheduled: Successfully assigned default\/pod-0 to [ab]$/);
});

Deno.test("a pod that fits nowhere waits, says why, and goes to the first node that can take it", async () => {
  await using cluster = new Cluster();
  cluster.start();
  await cluster.addPod("pod");
  await cluster.quiet();
  assert.deepEqual(await cluster.eventsOf("pod"), ["FailedScheduling: no nodes available to schedule pods"]);
  await cluster.addNode("a", false);
  await cluster.addNode("b");
  await cluster.nodes.patch("b", { type: "merge", patch: { spec: { unschedulable: true } } });
  await cluster.quiet();
  await cluster.addPod("later");
  await cluster.quiet();
  const waiting = podCondition(await cluster.pods.get("later"), "PodScheduled");
  const message = "0/2 nodes are available: 1 node(s) were not ready, 1 node(s) were unschedulable.";
  assert.deepEqual([waiting?.status, waiting?.reason, waiting?.message], ["False", "Unschedulable", message]);
  assert.deepEqual(await cluster.eventsOf("later"), [`FailedScheduling: ${message}`]);
  await cluster.setReady("a", true);
  await cluster.quiet();
  assert.deepEqual([await cluster.nodeOf("pod"), await cluster.nodeOf("later")], ["a", "a"]);
  assert.equal(podCondition(await cluster.pods.get("later"), "PodScheduled")?.status, "True");
});

Deno.test("pods of other schedulers, with gates, with a node, or being deleted are left alone", async () => {
  await using cluster = new Cluster();
  await cluster.addNode("a");
  await cluster.addPod("other", { schedulerName: "mine" });
  await cluster.addPod("gated", { schedulingGates: [{ name: "example.org/wait" }] });
  await cluster.addPod("bound", { nodeName: "elsewhere" });
  await cluster.pods.create({
    metadata: { name: "going", finalizers: ["example.org/wait"] },
    spec: { containers: [{ name: "main", image: "one" }] },
  });
  await cluster.pods.delete("going");
  const { revision } = cluster.server;
  cluster.start();
  await cluster.quiet();
  assert.equal(cluster.server.revision, revision);
  assert.equal(await cluster.nodeOf("bound"), "elsewhere");
  // The gate goes: now it is the scheduler's turn.
  await cluster.pods.patch("gated", { type: "merge", patch: { spec: { schedulingGates: null } } });
  await cluster.quiet();
  assert.equal(await cluster.nodeOf("gated"), "a");
});

Deno.test("a pod is bound once, though answers get lost and somebody else was faster", async () => {
  await using cluster = new Cluster();
  await cluster.addNode("a");
  let bindings = 0;
  cluster.start(faults(cluster.clock, ({ path }): Fault => {
    if (!path.endsWith("/binding")) return { type: "none" };
    return ++bindings === 1 ? { type: "lost answer" } : { type: "none" };
  }));
  await cluster.addPod("pod");
  await cluster.quiet(2_000);
  assert.equal(await cluster.nodeOf("pod"), "a");
  assert.ok(bindings >= 1 && bindings <= 2, `${bindings} bindings`);
});
