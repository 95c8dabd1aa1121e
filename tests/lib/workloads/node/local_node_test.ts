import assert from "node:assert/strict";
import { Api } from "../../../../lib/k8s/api/api.ts";
import { ConnectionError } from "../../../../lib/k8s/errors.ts";
import { leases } from "../../../../lib/k8s/kinds/coordination.ts";
import { configMaps } from "../../../../lib/k8s/kinds/core.ts";
import { nodes, services } from "../../../../lib/workloads/kinds/mod.ts";
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

Deno.test("a container that crashes is restarted at once, then after 10 s, 20 s, and so on", async () => {
  await using world = new NodeWorld();
  await world.start();
  await world.run(podOf());
  const { processes } = world.machine;
  const pauses: number[] = [];
  for (let crash = 1; crash <= 8; crash++) {
    processes.last.exit(1);
    const before = world.clock.monotonic();
    await world.clock.advanceUntil(() => processes.started.length > crash, 400_000);
    pauses.push(world.clock.monotonic() - before);
    await world.clock.settle();
  }
  assert.deepEqual(pauses, [0, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]);
  assert.equal(await world.status(), "Running Running ready=true restarts=8");
  await world.clock.advance(601_000);
  processes.last.exit(0);
  await world.clock.settle();
  assert.equal(processes.running.length, 1, "after ten minutes of calm it begins anew");
});

Deno.test("a container that waits for its restart shows as CrashLoopBackOff", async () => {
  await using world = new NodeWorld();
  await world.start();
  await world.run(podOf());
  world.machine.processes.last.exit(1);
  await world.clock.settle();
  world.machine.processes.last.exit(3);
  await world.clock.advance(100);
  assert.equal(await world.status(), "Running CrashLoopBackOff ready=false restarts=1");
  const { metadata, status } = await world.pods.get("a");
  const [container] = status?.containerStatuses ?? [];
  assert.equal(container?.lastState?.terminated?.exitCode, 3);
  assert.equal(container?.lastState?.terminated?.reason, "Error");
  const message = `back-off 10s restarting failed container=main pod=a_default(${metadata.uid})`;
  assert.equal(container?.state?.waiting?.message, message);
  assert.ok((await world.events()).includes(
    `BackOff: Back-off restarting failed container main in pod a_default(${metadata.uid})`,
  ));
});

const endings = [
  { restartPolicy: "Never", code: 0, status: "Succeeded Completed ready=false restarts=0", processes: 1 },
  { restartPolicy: "Never", code: 2, status: "Failed Error ready=false restarts=0", processes: 1 },
  { restartPolicy: "OnFailure", code: 0, status: "Succeeded Completed ready=false restarts=0", processes: 1 },
  { restartPolicy: "OnFailure", code: 2, status: "Running Running ready=true restarts=1", processes: 2 },
  { restartPolicy: "Always", code: 0, status: "Running Running ready=true restarts=1", processes: 2 },
];
for (const { restartPolicy, code, status, processes } of endings) {
  Deno.test(`a pod with restartPolicy ${restartPolicy} whose process exits with ${code} is: ${status}`, async () => {
    await using world = new NodeWorld();
    await world.start();
    await world.run(podOf({ restartPolicy }));
    world.machine.processes.last.exit(code);
    await world.clock.advance(60_000);
    assert.equal(await world.status(), status);
    assert.equal(world.machine.processes.started.length, processes);
    await world.pods.delete("a");
    await world.clock.advance(1_000);
    assert.equal(await world.status(), "none");
  });
}

Deno.test("a deleted pod gets SIGTERM, after its grace period SIGKILL, and is gone only then", async () => {
  await using world = new NodeWorld();
  world.machine.processes.onStart = (process) => process.obedient = false;
  await world.start();
  await world.run(podOf({ terminationGracePeriodSeconds: 7 }));
  // As the API server has it of a pod whose deletion was asked for.
  await world.pods.delete("a", { gracePeriodSeconds: 7 });
  await world.clock.advance(6_900);
  const process = world.machine.processes.last;
  assert.deepEqual(process.signals, ["SIGTERM"]);
  assert.notEqual(await world.status(), "none");
  await world.clock.advance(200);
  assert.deepEqual(process.signals, ["SIGTERM", "SIGKILL"]);
  assert.equal(await world.status(), "none");
  assert.ok((await world.events()).includes("Killing: Stopping container main"));
  assert.deepEqual([...world.machine.files.content.keys()], []);
});

Deno.test("a second deletion with a shorter grace period holds", async () => {
  await using world = new NodeWorld();
  world.machine.processes.onStart = (process) => process.obedient = false;
  await world.start();
  await world.run(podOf());
  await world.pods.delete("a");
  await world.clock.advance(1_000);
  await world.pods.delete("a", { gracePeriodSeconds: 2 });
  await world.clock.advance(2_100);
  assert.equal(world.machine.processes.running.length, 0);
});

Deno.test("a preStop hook that sleeps holds back SIGTERM", async () => {
  await using world = new NodeWorld();
  await world.start();
  await world.run(podOf({}, { lifecycle: { preStop: { sleep: { seconds: 3 } } } }));
  await world.pods.delete("a");
  await world.clock.advance(2_900);
  assert.deepEqual(world.machine.processes.last.signals, []);
  await world.clock.advance(200);
  assert.deepEqual(world.machine.processes.last.signals, ["SIGTERM"]);
});

Deno.test("a pod that is deleted by force is killed at once", async () => {
  await using world = new NodeWorld();
  await world.start();
  await world.run(podOf());
  await world.pods.delete("a", { gracePeriodSeconds: 0 });
  await world.clock.settle();
  assert.deepEqual(world.machine.processes.last.signals, ["SIGKILL"]);
});

Deno.test("a new pod of the same name waits for the end of the old one", async () => {
  await using world = new NodeWorld();
  world.machine.processes.onStart = (process) => process.kill = (signal) => void process.signals.push(signal);
  await world.start();
  await world.run(podOf());
  const old = world.machine.processes.last;
  await world.pods.delete("a", { gracePeriodSeconds: 0 });
  await world.run(podOf());
  await world.clock.advance(1_000);
  assert.equal(world.machine.processes.started.length, 1);
  old.exit(137, 9);
  await world.clock.advance(1_000);
  assert.equal(world.machine.processes.started.length, 2);
  assert.equal(await world.status(), "Running Running ready=true restarts=0");
  world.machine.processes.last.exit(0);
  world.machine.processes.onStart = () => undefined;
});

Deno.test("a pod is ready while its readiness probe succeeds", async () => {
  await using world = new NodeWorld();
  let healthy = false;
  const ports = new Set<number>();
  world.machine.probe = (target) => {
    ports.add(target.port);
    return { success: healthy, message: "HTTP probe failed with statuscode: 503" };
  };
  await world.start();
  await world.run(podOf({}, { readinessProbe: { httpGet: { port: "http", path: "/ready" }, periodSeconds: 2 } }));
  await world.clock.advance(10_000);
  assert.equal(await world.status(), "Running Running ready=false restarts=0");
  const ready = (await world.pods.get("a")).status?.conditions?.find((each) => each.type === "Ready");
  assert.equal(ready?.message, "containers with unready status: [main]");
  healthy = true;
  await world.clock.advance(2_000);
  assert.equal(await world.status(), "Running Running ready=true restarts=0");
  healthy = false;
  await world.clock.advance(4_000);
  assert.equal(await world.status(), "Running Running ready=true restarts=0", "two failures are not three");
  await world.clock.advance(2_000);
  assert.equal(await world.status(), "Running Running ready=false restarts=0");
  assert.ok(
    (await world.events()).includes("Unhealthy: Readiness probe failed: HTTP probe failed with statuscode: 503"),
  );
  assert.deepEqual([...ports].map(String), [world.machine.processes.last.spec.args[1]]);
});

Deno.test("a container whose liveness probe fails is restarted, after its startup probe let it begin", async () => {
  await using world = new NodeWorld();
  const called: string[] = [];
  let alive = true;
  world.machine.probe = (target) => {
    const path = target.type === "http" ? target.path : "tcp";
    called.push(path);
    return { success: path === "/live" ? alive : called.length > 2, message: "no" };
  };
  await world.start();
  const probe = (path: string): { httpGet: { port: number; path: string }; periodSeconds: number } => ({
    httpGet: { port: 8080, path },
    periodSeconds: 1,
  });
  await world.run(
    podOf({}, { startupProbe: probe("/start"), livenessProbe: { ...probe("/live"), failureThreshold: 2 } }),
  );
  await world.clock.advance(4_000);
  assert.deepEqual(called.slice(0, 4), ["/start", "/start", "/start", "/live"]);
  alive = false;
  await world.clock.advance(2_000);
  assert.deepEqual(world.machine.processes.started[0]?.signals, ["SIGTERM"]);
  assert.equal(world.machine.processes.started.length, 2);
  const told = await world.events();
  assert.ok(told.includes("Killing: Container main failed liveness probe, will be restarted"), told.join("\n"));
  assert.ok(told.includes("Unhealthy: Liveness probe failed: no"));
});

Deno.test("processes get what the manifest says, on ports of their own", async () => {
  await using world = new NodeWorld();
  await world.start();
  const api = new Api(world.client, configMaps, { namespace: "default" });
  await api.create({
    metadata: { name: "settings", namespace: "default" },
    data: { color: "blue", "app.yaml": "x: 1" },
  });
  await world.run(podOf({ volumes: [{ name: "config", configMap: { name: "settings" } }] }, {
    args: ["--config=/etc/app/app.yaml", "--name=$(NAME)", "$(NOPE)"],
    volumeMounts: [{ name: "config", mountPath: "/etc/app" }],
    env: [
      { name: "NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
      { name: "COLOR", valueFrom: { configMapKeyRef: { name: "settings", key: "color" } } },
      { name: "FILE", value: "/etc/app/app.yaml" },
    ],
  }));
  const { spec } = world.machine.processes.last;
  const { uid } = (await world.pods.get("a")).metadata;
  const folder = `/tmp/local-node-0/pods/${uid}/volumes/config`;
  assert.equal(spec.command, "run-app");
  assert.deepEqual(spec.args, [`--config=${folder}/app.yaml`, "--name=a", "$(NOPE)"]);
  const { NAME, COLOR, FILE, HOSTNAME, KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT, PATH } = spec.env;
  assert.deepEqual(
    [NAME, COLOR, FILE, HOSTNAME, KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT, PATH],
    ["a", "blue", `${folder}/app.yaml`, "a", "127.0.0.1", "6443", "/bin"],
  );
  assert.equal(world.machine.files.text("config/app.yaml"), "x: 1");
});

Deno.test("a variable that is not to be had keeps the container waiting, until it is", async () => {
  await using world = new NodeWorld();
  await world.start();
  await world.run(podOf({}, { envFrom: [{ configMapRef: { name: "late" } }] }));
  assert.equal(await world.status(), "Pending CreateContainerConfigError ready=false restarts=0");
  assert.ok((await world.events()).includes('Failed: Error: configmap "late" not found'));
  const api = new Api(world.client, configMaps, { namespace: "default" });
  await api.create({ metadata: { name: "late", namespace: "default" }, data: { A: "b" } });
  await world.clock.advance(10_000);
  assert.equal(await world.status(), "Running Running ready=true restarts=0");
  assert.equal(world.machine.processes.last.spec.env["A"], "b");
});

Deno.test("an unknown image waits as ErrImagePull and ImagePullBackOff, and names the known ones", async () => {
  await using world = new NodeWorld();
  await world.start();
  await world.run(podOf({}, { image: "nginx" }));
  assert.equal(await world.status(), "Pending ErrImagePull ready=false restarts=0");
  await world.clock.advance(2_000);
  assert.equal(await world.status(), "Pending ImagePullBackOff ready=false restarts=0");
  const told = await world.events();
  assert.match(told.join("\n"), /Failed: Failed to pull image "nginx": .* it knows app, missing/);
  await world.pods.delete("a");
  await world.clock.settle();
  assert.equal(await world.status(), "none");
});

Deno.test("a program that cannot be started counts as a crash", async () => {
  await using world = new NodeWorld();
  await world.start();
  await world.run(podOf({ restartPolicy: "Never" }, { image: "missing" }));
  assert.equal(await world.status(), "Failed StartError ready=false restarts=0");
  assert.ok((await world.events()).includes("Failed: Error: cannot start missing: no such program"));
});

Deno.test("what a node of processes cannot do is refused in plain words, not left out", async () => {
  await using world = new NodeWorld();
  await world.start();
  await world.run(podOf({ volumes: [{ name: "disk", hostPath: { path: "/" } }] }, {
    livenessProbe: { exec: { command: ["true"] } },
  }));
  assert.equal(await world.status(), "Pending CreateContainerConfigError ready=false restarts=0");
  const message = (await world.pods.get("a")).status?.containerStatuses?.[0]?.state?.waiting?.message ?? "";
  assert.match(message, /volume disk of type hostPath: .*; container main has a probe of type exec/);
  assert.equal(world.machine.processes.started.length, 0);
  assert.equal((await world.events()).length, 1);
});

Deno.test("init containers run one after another, before the others", async () => {
  await using world = new NodeWorld();
  await world.start();
  await world.run(podOf({ initContainers: [{ name: "one", image: "app" }, { name: "two", image: "app" }] }));
  const { processes } = world.machine;
  assert.equal(await world.status(), "Pending PodInitializing ready=false restarts=0");
  for (const expected of [2, 3]) {
    processes.last.exit(0);
    await world.clock.advance(100);
    assert.equal(processes.started.length, expected);
  }
  assert.equal(await world.status(), "Running Running ready=true restarts=0");
});

Deno.test("a pod that ran before a restart of the node is restarted, and counts it", async () => {
  await using world = new NodeWorld();
  await world.pods.create(podOf());
  const running = { running: { startedAt: "2025-12-31T23:00:00Z" } };
  const status = {
    phase: "Running",
    containerStatuses: [{
      name: "main",
      image: "app",
      imageID: "app",
      restartCount: 2,
      ready: true,
      started: true,
      state: running,
      containerID: "process://1",
    }],
  };
  await world.pods.status.patch("a", { type: "merge", patch: { status } });
  await world.start();
  await world.clock.settle();
  assert.equal(await world.status(), "Running Running ready=true restarts=3");
  const [container] = (await world.pods.get("a")).status?.containerStatuses ?? [];
  assert.equal(container?.lastState?.terminated?.exitCode, 255);
  assert.equal(container?.lastState?.terminated?.containerID, "process://1");
});

Deno.test("a node that stops ends all pods, and what does not end it kills", async () => {
  await using world = new NodeWorld({ shutdownGrace: 4_000 });
  await world.start();
  await world.run(podOf());
  world.machine.processes.last.obedient = false;
  const before = world.clock.monotonic();
  await world.stop();
  assert.deepEqual(world.machine.processes.last.signals, ["SIGTERM", "SIGKILL"]);
  assert.equal(world.clock.monotonic() - before, 4_000);
  assert.equal((await world.pods.get("a")).status?.phase, "Running");
  assert.deepEqual([...world.machine.files.content.keys()], []);
});

Deno.test("a node that is removed takes its pods along", async () => {
  await using world = new NodeWorld({ onStop: "remove" });
  await world.start();
  await world.run(podOf());
  await world.stop();
  assert.equal(await world.status(), "none");
  assert.equal(await new Api(world.client, nodes).find("local"), undefined);
});

Deno.test("a node stops in time when the API server is gone", async () => {
  await using world = new NodeWorld();
  await world.start();
  await world.run(podOf());
  world.fail = (request) => new ConnectionError(`${request.path}: connection refused`);
  const before = world.clock.monotonic();
  await world.stop();
  assert.equal(world.machine.processes.running.length, 0);
  assert.ok(world.clock.monotonic() - before <= 10_000, `${world.clock.monotonic() - before}`);
  assert.equal(world.clock.pending, 0);
});

Deno.test("a node that stops leaves no timer and no file behind", async () => {
  await using world = new NodeWorld();
  await world.start();
  await world.run(podOf({}, { livenessProbe: { tcpSocket: { port: 8080 } } }));
  await world.stop();
  assert.equal(world.clock.pending, 0);
  assert.deepEqual([...world.machine.files.content.keys()], []);
});

Deno.test("the status is written again after the API server was away", async () => {
  await using world = new NodeWorld();
  await world.start();
  await world.run(podOf());
  world.fail = (request) => request.method === "PATCH" ? new ConnectionError("away") : undefined;
  world.machine.processes.last.exit(1);
  await world.clock.advance(3_000);
  assert.equal(await world.status(), "Running Running ready=true restarts=0");
  world.fail = () => undefined;
  await world.clock.advance(15_000);
  assert.equal(await world.status(), "Running Running ready=true restarts=1");
});

Deno.test("a pod has a token of its own, which is renewed in time and never shows in arguments", async () => {
  await using world = new NodeWorld();
  const requests: unknown[] = [];
  // Answers in place of the API server.
  world.answer = (request) => {
    if (!request.path.endsWith("/serviceaccounts/robot/token")) return undefined;
    requests.push(request.bodyJson);
    const expirationTimestamp = new Date(world.clock.now() + 1_000_000).toISOString();
    return { kind: "TokenRequest", status: { token: `secret-${requests.length}`, expirationTimestamp } };
  };
  await world.start();
  await world.run(podOf({ automountServiceAccountToken: true, serviceAccountName: "robot" }, {
    env: [{ name: "TOKEN_FILE", value: "/var/run/secrets/kubernetes.io/serviceaccount/token" }],
  }));
  const { files, processes } = world.machine;
  const { env, args } = processes.last.spec;
  assert.equal(files.text("serviceaccount/token"), "secret-1");
  assert.equal(files.text("serviceaccount/ca.crt"), "the authority");
  assert.equal(files.text("serviceaccount/namespace"), "default");
  const { uid } = (await world.pods.get("a")).metadata;
  assert.deepEqual(requests, [{
    apiVersion: "authentication.k8s.io/v1",
    kind: "TokenRequest",
    spec: {
      audiences: [],
      expirationSeconds: 3_607,
      boundObjectRef: { kind: "Pod", apiVersion: "v1", name: "a", uid },
    },
  }]);
  assert.match(files.text("serviceaccount/kubeconfig") ?? "", new RegExp(`"tokenFile": "${env["TOKEN_FILE"]}"`));
  assert.ok(env["KUBECONFIG"]?.endsWith("/serviceaccount/kubeconfig"));
  assert.doesNotMatch(JSON.stringify([env, args]), /secret-1/);
  await world.clock.advance(799_000);
  assert.equal(files.text("serviceaccount/token"), "secret-1");
  await world.clock.advance(2_000);
  assert.equal(files.text("serviceaccount/token"), "secret-2");
});

Deno.test("a token that admission has put into a volume serves the kubeconfig too", async () => {
  await using world = new NodeWorld();
  let requests = 0;
  world.answer = (request) => {
    if (!request.path.endsWith("/token")) return undefined;
    requests++;
    return { kind: "TokenRequest", status: { token: "secret", expirationTimestamp: "2026-01-01T01:00:00Z" } };
  };
  await world.start();
  const mountPath = "/var/run/secrets/kubernetes.io/serviceaccount";
  // What the admission plugin ServiceAccount makes of a pod.
  const sources = [
    { serviceAccountToken: { path: "token", expirationSeconds: 3_607 } },
    { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
    { downwardAPI: { items: [{ path: "namespace", fieldRef: { fieldPath: "metadata.namespace" } }] } },
  ];
  await world.run(podOf({ volumes: [{ name: "kube-api-access", projected: { sources } }] }, {
    volumeMounts: [{ name: "kube-api-access", mountPath, readOnly: true }],
    env: [{ name: "TOKEN_FILE", value: `${mountPath}/token` }],
  }));
  const { files, processes } = world.machine;
  const token = processes.last.spec.env["TOKEN_FILE"] ?? "";
  assert.match(token, /\/volumes\/kube-api-access\/token$/);
  assert.equal(files.text(token), "secret");
  assert.equal(files.text("volumes/kube-api-access/ca.crt"), "the authority");
  assert.equal(files.text("volumes/kube-api-access/namespace"), "default");
  assert.match(files.text("serviceaccount/kubeconfig") ?? "", new RegExp(`"tokenFile": "${token}"`));
  assert.equal(requests, 1);
});

Deno.test("a service of local pods is resolved to a proxy that forwards to the ready ones in turn", async () => {
  await using world = new NodeWorld();
  let healthy = true;
  world.machine.probe = () => ({ success: healthy, message: "" });
  await world.start();
  const api = new Api(world.client, services, { namespace: "default" });
  const ports = [{ port: 443, targetPort: "http" }];
  await api.create({ metadata: { name: "web", namespace: "default" }, spec: { selector: { app: "a" }, ports } });
  await world.clock.settle();
  await assert.rejects(world.node.resolveService("default", "web", 443), /service default\/web has no ready pods/);
  await assert.rejects(world.node.resolveService("default", "nope", 443), /service default\/nope does not exist/);
  const probe = { readinessProbe: { tcpSocket: { port: "http" }, periodSeconds: 1, failureThreshold: 1 } };
  const pod = podOf({}, probe);
  await world.run(pod);
  await world.run({ ...pod, metadata: { ...pod.metadata, name: "b" } });
  await world.clock.advance(100);
  const { host, port } = await world.node.resolveService("default", "web", 443);
  assert.deepEqual([host, port], ["127.0.0.1", 30_001]);
  await assert.rejects(world.node.resolveService("default", "web", 80), /has no port 80/);
  const expected = world.machine.processes.started.map((process) => Number(process.spec.args[1]));
  const [proxy] = world.machine.proxies;
  assert.deepEqual(proxy?.targets(), expected);
  assert.deepEqual(proxy?.targets(), expected.toReversed());
  healthy = false;
  await world.clock.advance(1_000);
  await assert.rejects(world.node.resolveService("default", "web", 443), /no ready pods/);
  assert.deepEqual(proxy?.targets(), []);
  await api.delete("web");
  await world.clock.settle();
  assert.equal(proxy?.closed, true);
});

Deno.test("the kubelet's API gives the logs of a pod, of the instance before, and follows", async () => {
  await using world = new NodeWorld();
  await world.start();
  await world.run(podOf());
  const logs = async (query = "", path = "default/a/main"): Promise<string> => {
    const response = await world.node.handleKubelet(new Request(`https://x/containerLogs/${path}${query}`));
    return `${response.status} ${await response.text()}`;
  };
  const { processes } = world.machine;
  processes.last.print("one\ntwo\nthr");
  await world.clock.settle();
  assert.equal(await logs(), "200 one\ntwo\n");
  assert.equal(await logs("?tailLines=1&timestamps=true"), "200 2026-01-01T00:00:00.100000Z two\n");
  assert.equal(await logs("?limitBytes=5"), "200 one\nt");
  assert.equal(await logs("?previous=true"), '400 previous terminated container "main" in pod "a" not found\n');
  assert.equal(await logs("", "default/a/other"), '404 container "other" not found in pod "a"\n');
  assert.equal(await logs("", "default/b/main"), '404 pod "b" not found in namespace "default"\n');
  assert.match(await logs("?tailLines=x"), /^422 tailLines must be a whole number/);
  const following = logs("?follow=true");
  await world.clock.settle();
  processes.last.print("ee\n");
  await world.clock.settle();
  processes.last.exit(1);
  assert.equal(await following, "200 one\ntwo\nthree\n");
  await world.clock.settle();
  assert.equal(await logs("?previous=true"), "200 one\ntwo\nthree\n");
  assert.equal(await logs(), "200 ");
});
