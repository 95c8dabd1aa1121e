import assert from "node:assert/strict";
import { createRestClient } from "../../../../lib/k8s/client/mod.ts";
import { denoHost, loadClusterAccess } from "../../../../lib/k8s/kubeconfig/mod.ts";
import { systemClock as clock } from "../../../../lib/util/clock/mod.ts";
import { systemRandom as random } from "../../../../lib/util/random.ts";
import { Manager } from "../../../../lib/runtime/manager.ts";
import { workloadControllers } from "../../../../lib/workloads/mod.ts";
import { type Images, localMachine, LocalNode } from "../../../../lib/workloads/node/mod.ts";
import { binariesAvailable } from "../../../controlplane/assets.ts";
import { startControlPlane } from "../../../controlplane/control_plane.ts";
import { eventually, isRunning } from "../../../controlplane/processes.ts";

/** Says who it is, and counts; a file makes it crash. */
const script = `
trap 'echo "told to end"; exit 0' TERM
echo "I am $POD_NAME, pid $$"
echo "token $(wc -c < "$TOKEN_FILE" | tr -d ' ')"
i=0
while true; do
  i=$((i+1)); echo "tick $i"
  if [ -e "$CRASH_FILE" ]; then rm "$CRASH_FILE"; exit 3; fi
  sleep 0.1
done
`;

/** Answers with the name of its pod, a moment after its start. */
const serverScript = `
await new Promise((resolve) => setTimeout(resolve, 300));
Deno.serve({ hostname: "127.0.0.1", port: Number(Deno.env.get("PORT")), onListen() {} }, () =>
  new Response(Deno.env.get("HOSTNAME")));
`;

const images: Images = {
  known: ["server", "ticker"],
  resolve: (image, { ports }) => {
    if (image === "ticker") return { command: ["sh", "-c", script] };
    if (image !== "server") return undefined;
    return { command: [Deno.execPath(), "eval", serverScript], env: { PORT: String(ports["http"]) } };
  },
};

Deno.test("a node runs pods of a real control plane", { ignore: !binariesAvailable() }, async (t) => {
  await using controlPlane = await startControlPlane();
  const access = await loadClusterAccess({ host: denoHost, clock, flags: { kubeconfig: controlPlane.kubeconfig } });
  using client = createRestClient({ config: access, clock, random });
  const machine = localMachine();
  const node = new LocalNode({
    client,
    clock,
    random,
    machine,
    name: "local",
    images,
    server: { url: controlPlane.server, certificateAuthority: controlPlane.certificateAuthority },
    kubelet: await controlPlane.kubeletServing(),
  });
  const stop = new AbortController();
  const manager = new Manager({ clock });
  manager.add(node);
  // Of the control plane, only the scheduler is missing.
  for (const each of workloadControllers({ client, clock, random, controllers: ["scheduling"] })) manager.add(each);
  const running = manager.run(stop.signal);
  await node.whenReady();

  const crashFile = `${controlPlane.folder}/crash`;
  const template = {
    metadata: { labels: { app: "ticker" } },
    spec: {
      nodeName: "local",
      // The control plane runs without the admission plugin that would set it.
      serviceAccountName: "default",
      terminationGracePeriodSeconds: 5,
      containers: [{
        name: "main",
        image: "ticker",
        env: [
          { name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
          { name: "CRASH_FILE", value: crashFile },
          { name: "TOKEN_FILE", value: "/var/run/secrets/kubernetes.io/serviceaccount/token" },
        ],
      }],
    },
  };
  async function kubectl(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await controlPlane.kubectl(args);
    assert.equal(code, 0, `kubectl ${args.join(" ")}: ${stderr}`);
    return stdout.trim();
  }
  async function apply(object: unknown): Promise<void> {
    const { code, stderr } = await controlPlane.kubectl(["apply", "-f", "-"], { stdin: JSON.stringify(object) });
    assert.equal(code, 0, stderr);
  }
  async function pidOf(pod: string): Promise<number> {
    const id = await kubectl("get", "pod", pod, "-o", "jsonpath={.status.containerStatuses[0].containerID}");
    return Number(id.replace("process://", ""));
  }

  try {
    await t.step("the node is ready", async () => {
      assert.match(await kubectl("get", "nodes"), /^local +Ready/m);
      assert.equal(await kubectl("get", "node", "local", "-o", "jsonpath={.spec.taints}"), "");
      assert.match(await kubectl("-n", "kube-node-lease", "get", "leases"), /^local +local/m);
    });

    await t.step("a pod runs, with a token of its own", async () => {
      await apply({ apiVersion: "v1", kind: "Pod", ...template, metadata: { name: "one", ...template.metadata } });
      await kubectl("wait", "--for=condition=Ready", "pod/one", "--timeout=20s");
      assert.match(await kubectl("get", "pod", "one"), /^one +1\/1 +Running +0 /m);
      await eventually("logs come", async () => /token \d{3,}/.test(await kubectl("logs", "one")));
      assert.match(await kubectl("logs", "one"), /^I am one, pid \d+\ntoken \d{3,}\ntick 1\n/);
      assert.match(await kubectl("logs", "one", "--tail=1", "--timestamps"), /^\d{4}-\d\d-\d\dT\S+Z tick \d+$/);
      assert.match(await kubectl("get", "events"), /Started container main/);
    });

    await t.step("nobody else gets its logs", async () => {
      const port = await kubectl(
        "get",
        "node",
        "local",
        "-o",
        "jsonpath={.status.daemonEndpoints.kubeletEndpoint.Port}",
      );
      const url = `https://127.0.0.1:${port}/containerLogs/default/one/main`;
      const stranger = await controlPlane.certificateUser("stranger", ["system:masters"]);
      for (const pair of [{}, { cert: stranger.certificate, key: stranger.key }]) {
        using http = Deno.createHttpClient({ caCerts: [controlPlane.certificateAuthority], ...pair });
        const response = await fetch(url, { client: http });
        assert.equal(response.status, 401);
        assert.equal(await response.text(), "Unauthorized\n");
      }
    });

    await t.step("a crash restarts it, and the logs of before are kept", async () => {
      await Deno.writeTextFile(crashFile, "");
      const restarts = ["get", "pod", "one", "-o", "jsonpath={.status.containerStatuses[0].restartCount}"];
      await eventually("it is restarted", async () => await kubectl(...restarts) === "1");
      const terminated = "jsonpath={.status.containerStatuses[0].lastState.terminated.exitCode}";
      assert.equal(await kubectl("get", "pod", "one", "-o", terminated), "3");
      assert.match(await kubectl("logs", "one", "--previous"), /^I am one/);
    });

    await t.step("logs -f follows until the pod ends, which a deletion brings about in order", async () => {
      const pid = await pidOf("one");
      const args = ["--kubeconfig", controlPlane.kubeconfig, "logs", "-f", "one"];
      await using follower = new Deno.Command(controlPlane.binaries.kubectl, { args, stdout: "piped" }).spawn();
      const output = follower.stdout.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
      let seen = (await output.next()).value ?? "";
      assert.match(seen, /^I am one/);
      await kubectl("delete", "pod", "one", "--wait");
      assert.equal(isRunning(pid), false);
      for (let next = await output.next(); next.done !== true; next = await output.next()) seen += next.value;
      assert.equal((await follower.status).code, 0);
      assert.match(seen, /told to end\n$/);
    });

    await t.step("delete --force kills it", async () => {
      const stubborn = structuredClone(template);
      Object.assign(stubborn.spec.containers[0] ?? {}, {
        command: ["sh", "-c", "trap '' TERM; while true; do sleep 0.1; done"],
      });
      await apply({ apiVersion: "v1", kind: "Pod", ...stubborn, metadata: { name: "two" } });
      await kubectl("wait", "--for=condition=Ready", "pod/two", "--timeout=20s");
      const pid = await pidOf("two");
      await kubectl("delete", "pod", "two", "--force", "--grace-period=0");
      await eventually("its process is gone", () => !isRunning(pid));
    });

    await t.step("an unknown image is refused in plain words", async () => {
      const pod = {
        metadata: { name: "three" },
        spec: { nodeName: "local", containers: [{ name: "main", image: "nginx" }] },
      };
      await apply({ apiVersion: "v1", kind: "Pod", ...pod });
      const message = ["get", "pod", "three", "-o", "jsonpath={.status.containerStatuses[0].state.waiting.message}"];
      await eventually("it waits", async () => /it knows server, ticker/.test(await kubectl(...message)));
      await kubectl("delete", "pod", "three", "--wait");
    });

    await t.step("a Deployment is scaled by the real controllers, and its Service reaches what is ready", async () => {
      const labels = { app: "server" };
      const readinessProbe = { httpGet: { path: "/", port: "http" }, periodSeconds: 1 };
      const container = {
        name: "main",
        image: "server",
        ports: [{ name: "http", containerPort: 8080 }],
        readinessProbe,
      };
      await apply({
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name: "server" },
        spec: {
          replicas: 2,
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: 2, containers: [container] } },
        },
      });
      const ports = [{ port: 80, targetPort: "http" }];
      await apply({
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: "server" },
        spec: { selector: labels, ports },
      });
      await kubectl("rollout", "status", "deployment/server", "--timeout=20s");
      const pods = async (): Promise<string[]> =>
        (await kubectl("get", "pods", "-l", "app=server", "-o", "jsonpath={.items[*].metadata.name}")).split(" ");
      const { host, port } = await node.resolveService("default", "server", 80);
      const answers = new Set<string>();
      for (let call = 0; call < 4; call++) {
        const response = await fetch(`http://${host}:${port}/`, { headers: { connection: "close" } });
        answers.add(await response.text());
      }
      assert.deepEqual([...answers].toSorted(), (await pods()).toSorted());
      await kubectl("scale", "deployment/server", "--replicas=3");
      await kubectl("rollout", "status", "deployment/server", "--timeout=20s");
      assert.equal((await pods()).length, 3);
    });
  } finally {
    const names = await controlPlane.kubectl([
      "get",
      "pods",
      "-o",
      "jsonpath={.items[*].status.containerStatuses[0].containerID}",
    ]);
    stop.abort();
    await running;
    assert.match((await controlPlane.kubectl(["get", "nodes"])).stdout, /^local +NotReady/m);
    for (const id of names.stdout.split(" ")) assert.equal(isRunning(Number(id.replace("process://", ""))), false, id);
  }
});
