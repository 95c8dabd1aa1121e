import assert from "node:assert/strict";
import { type Fault, faults } from "../../../../lib/apiserver/mod.ts";
import { Api } from "../../../../lib/k8s/api/api.ts";
import { type Pod, type Service, services } from "../../../../lib/workloads/kinds/core.ts";
import { type EndpointSlice, endpointSlices } from "../../../../lib/workloads/kinds/discovery.ts";
import { World } from "../world.ts";

class Network extends World {
  readonly services: Api<Service>;
  readonly slices: Api<EndpointSlice>;

  constructor() {
    super({ controllers: ["endpoints"] });
    this.services = new Api(this.client, services, { namespace: "default" });
    this.slices = new Api(this.client, endpointSlices, { namespace: "default" });
  }

  addService(spec: Service["spec"] = {}): Promise<Service> {
    const ports = [{ name: "https", port: 443, targetPort: "web" }];
    return this.services.create({
      metadata: { name: "web", labels: { team: "a" } },
      spec: { selector: { app: "web" }, ports, ...spec },
    });
  }

  async addPod(name: string, ip: string, port = 8443, ready = true): Promise<Pod> {
    const ports = [{ name: "web", containerPort: port }];
    const pod = await this.pods.create({
      metadata: { name, labels: { app: "web" } },
      spec: { nodeName: "node-1", containers: [{ name: "main", image: "one", ports }] },
    });
    await this.run(pod, ready);
    if (ip === "") return pod;
    return await this.pods.status.patch(name, { type: "merge", patch: { status: { podIP: ip, podIPs: [{ ip }] } } });
  }

  /** Ports of each slice, and its endpoints with what holds of them. */
  async shown(): Promise<readonly string[]> {
    const { items } = await this.slices.list();
    return items.map(({ ports, endpoints }) => {
      const places = (endpoints ?? []).map(({ addresses, conditions = {} }) => {
        const holds = Object.entries(conditions).filter(([, value]) => value === true).map(([name]) => name);
        return `${addresses.join()} ${holds.join("+")}`;
      });
      return `${(ports ?? []).map(({ name, port, protocol }) => `${name}=${port}/${protocol}`).join()}: ${
        places.join("; ")
      }`;
    }).sort();
  }
}

Deno.test("a service's slice shows the pods that it selects, and follows them", async () => {
  await using network = new Network();
  network.start();
  const service = await network.addService();
  await network.quiet();
  assert.deepEqual(await network.shown(), [": "]);
  const [empty] = (await network.slices.list()).items;
  assert.deepEqual(empty?.metadata.labels, {
    team: "a",
    "kubernetes.io/service-name": "web",
    "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
  });
  assert.equal(empty?.metadata.ownerReferences?.[0]?.uid, service.metadata.uid);
  const a = await network.addPod("a", "10.0.0.1");
  await network.addPod("b", "10.0.0.2", 8443, false);
  await network.addPod("c", "");
  await network.quiet();
  assert.deepEqual(await network.shown(), ["https=8443/TCP: 10.0.0.1 ready+serving; 10.0.0.2 "]);
  await network.run(await network.pods.get("b"));
  await network.pods.delete("a");
  await network.quiet();
  assert.deepEqual(await network.shown(), ["https=8443/TCP: 10.0.0.1 serving+terminating; 10.0.0.2 ready+serving"]);
  await network.end(a);
  await network.pods.patch("b", { type: "merge", patch: { metadata: { labels: { app: "other" } } } });
  await network.quiet();
  assert.deepEqual(await network.shown(), [": "]);
  assert.equal((await network.slices.list()).items[0]?.metadata.uid, empty?.metadata.uid);
});

Deno.test("pods that give the same name to different ports come into different slices", async () => {
  await using network = new Network();
  network.start();
  await network.addPod("a", "10.0.0.1", 1_000);
  await network.addPod("b", "10.0.0.2", 2_000);
  await network.addService();
  await network.quiet();
  const both = ["https=1000/TCP: 10.0.0.1 ready+serving", "https=2000/TCP: 10.0.0.2 ready+serving"];
  assert.deepEqual(await network.shown(), both);
  await network.end(await network.pods.get("b"));
  await network.quiet();
  assert.deepEqual(await network.shown(), both.slice(0, 1));
});

Deno.test("a slice has at most 100 endpoints", async () => {
  await using network = new Network();
  for (let i = 0; i < 120; i++) await network.addPod(`pod-${i}`, `10.0.0.${i}`);
  network.start();
  await network.addService();
  await network.quiet();
  const counts = (await network.slices.list()).items.map(({ endpoints }) => endpoints?.length ?? 0);
  assert.deepEqual(counts.sort(), [100, 20]);
});

Deno.test("a service without a selector, and one that is only a name, have no slices of ours", async () => {
  await using network = new Network();
  network.start();
  await network.addService();
  await network.quiet();
  assert.equal((await network.slices.list()).items.length, 1);
  await network.services.patch("web", { type: "merge", patch: { spec: { selector: null } } });
  await network.quiet();
  assert.deepEqual(await network.shown(), []);
  await network.services.delete("web");
  await network.addService({ type: "ExternalName", externalName: "example.org" });
  await network.quiet();
  assert.deepEqual(await network.shown(), []);
});

Deno.test("no slice is made twice when the cache lags or an answer gets lost", async () => {
  await using network = new Network();
  let lost = 0;
  network.start(faults(network.clock, ({ method, path, querystring }): Fault => {
    if (querystring?.get("watch") === "true") return { type: "slow stream", ms: path.endsWith("slices") ? 900 : 10 };
    return method === "POST" && path.endsWith("slices") && ++lost === 1 ? { type: "lost answer" } : { type: "none" };
  }));
  await network.clock.advance(5_000);
  await network.addService();
  await network.clock.advance(200);
  await network.addPod("a", "10.0.0.1");
  await network.quiet(15_000);
  assert.equal(lost, 1);
  assert.deepEqual(await network.shown(), ["https=8443/TCP: 10.0.0.1 ready+serving"]);
});
