import assert from "node:assert/strict";
import { createRestClient } from "../../../../lib/k8s/client/mod.ts";
import { denoHost, loadClusterAccess } from "../../../../lib/k8s/kubeconfig/mod.ts";
import { systemClock as clock } from "../../../../lib/util/clock/mod.ts";
import { systemRandom as random } from "../../../../lib/util/random.ts";
import { LocalNode } from "../../../../lib/workloads/node/local_node.ts";
import { localMachine } from "../../../../lib/workloads/node/machine.ts";
import { binariesAvailable } from "../../../controlplane/assets.ts";
import { startControlPlane } from "../../../controlplane/control_plane.ts";
import { eventually, isRunning } from "../../../controlplane/processes.ts";

/** Serves "I am <pod>" on its port, says so, and repeats itself; a file in its folder makes it crash. */
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
    images: {
      known: ["ticker"],
      resolve: (image) => image === "ticker" ? { command: ["sh", "-c", script] } : undefined,
    },
    server: { url: controlPlane.server, certificateAuthority: controlPlane.certificateAuthority },
    kubelet: await controlPlane.kubeletServing(),
  });
  const stop = new AbortController();
  const running = node.run(stop.signal);
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
      await kubectl("wait", "--for=condition=Ready", "pod/one", "--timeout=5s");
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
      const follower = controlPlane.kubectl(["logs", "-f", "one"]);
      await kubectl("delete", "pod", "one", "--wait");
      assert.equal(isRunning(pid), false);
      const { code, stdout } = await follower;
      assert.equal(code, 0);
      assert.match(stdout, /told to end\n$/);
    });

    await t.step("delete --force kills it", async () => {
      const stubborn = structuredClone(template);
      Object.assign(stubborn.spec.containers[0] ?? {}, {
        command: ["sh", "-c", "trap '' TERM; while true; do sleep 0.1; done"],
      });
      await apply({ apiVersion: "v1", kind: "Pod", ...stubborn, metadata: { name: "two" } });
      await kubectl("wait", "--for=condition=Ready", "pod/two", "--timeout=5s");
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
      await eventually("it waits", async () => /it knows ticker/.test(await kubectl(...message)));
      await kubectl("delete", "pod", "three", "--wait");
    });

    await t.step("a Deployment is scaled by the real controllers", async () => {
      const selector = { matchLabels: { app: "ticker" } };
      const spec = { replicas: 2, selector, template };
      await apply({ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "ticker" }, spec });
      await kubectl("rollout", "status", "deployment/ticker", "--timeout=8s");
      await kubectl("scale", "deployment/ticker", "--replicas=3");
      await kubectl("rollout", "status", "deployment/ticker", "--timeout=8s");
      assert.equal((await kubectl("get", "pods", "-l", "app=ticker", "-o", "name")).split("\n").length, 3);
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
    for (const id of names.stdout.split(" ")) assert.equal(isRunning(Number(id.replace("process://", ""))), false, id);
  }
});
