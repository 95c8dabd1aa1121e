import assert from "node:assert/strict";
import { checksumController } from "../../commands/checksum_controller.ts";
import type { Cluster, CommandParts } from "../../commands/common/parts.ts";
import { ShutdownRequest } from "../../commands/common/shutdown.ts";
import { ApiServer } from "../../lib/apiserver/mod.ts";
import { Api } from "../../lib/k8s/api/api.ts";
import { ConnectionError } from "../../lib/k8s/errors.ts";
import { KubeconfigError } from "../../lib/k8s/kubeconfig/mod.ts";
import { leases } from "../../lib/k8s/kinds/coordination.ts";
import { configMaps, secrets } from "../../lib/k8s/kinds/core.ts";
import type { VirtualClock } from "../../lib/util/clock/mod.ts";
import { seededRandom } from "../../lib/util/random.ts";
import { fakeParts } from "./common/fake_parts.ts";

interface Running {
  readonly clock: VirtualClock;
  readonly server: ApiServer;
  readonly output: { stdout: string; stderr: string };
  readonly agents: Set<string>;
  readonly stop: () => void;
  readonly exitCode: () => number | undefined;
  reachable: boolean;
}

/** Runs the command against an in-memory API server. */
function run(args: readonly string[], overrides: Partial<CommandParts> = {}): Running {
  const stop = new AbortController();
  const agents = new Set<string>();
  let exitCode: number | undefined;
  const findCluster = (): Promise<Cluster> =>
    Promise.resolve({
      description: "https://test:6443 (a test)",
      namespace: "default",
      open: ({ userAgent }) => {
        agents.add(userAgent);
        return server.client({
          userAgent,
          intercept: (request, next) => {
            if (!running.reachable) return Promise.reject(new ConnectionError("nothing listens at test:6443"));
            // What the in-memory API server does not serve.
            if (request.path === "/version") return Promise.resolve({ major: "1", minor: "36" });
            return next(request);
          },
        });
      },
    });
  const { parts, output, clock } = fakeParts({ findCluster, ...overrides });
  const server = new ApiServer({ clock, random: seededRandom(3) });
  const running: Running = {
    clock,
    server,
    output,
    agents,
    stop: () => stop.abort(new ShutdownRequest("asked to shut down")),
    exitCode: () => exitCode,
    reachable: true,
  };
  void checksumController(args, parts, stop.signal).then((code) => exitCode = code);
  return running;
}

const shardLabel = "shard.alpha.sharding.timebertt.dev/checksum-controller";

Deno.test("checksum-controller runs a shard with a fresh name on a host, and ends with 0 when asked to", async () => {
  const { clock, server, output, agents, stop, exitCode } = run(["--lease-namespace=kube-public"]);
  await clock.advance(3_000);
  const { items } = await new Api(server.client(), leases).list();
  const [lease] = items;
  const name = lease?.metadata.name ?? "";
  assert.match(name, /^checksum-controller-[a-z0-9]{8}$/);
  assert.equal(lease?.metadata.namespace, "kube-public");
  assert.equal(lease?.metadata.labels?.["alpha.sharding.timebertt.dev/controllerring"], "checksum-controller");
  assert.equal(lease?.spec?.leaseDurationSeconds, 15);
  assert.deepEqual([...agents], ["checksum-controller", "checksum-controller/shard-lease"]);

  const metadata = { name: "foo", labels: { [shardLabel]: name } };
  await new Api(server.client(), secrets, { namespace: "default" }).create({ metadata, data: { foo: "YmFy" } });
  await clock.advance(1_000);
  const configMap = await new Api(server.client(), configMaps, { namespace: "default" }).get("checksums-foo");
  assert.equal(configMap.data?.["foo"], "fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9");

  stop();
  await clock.advance(1);
  assert.equal(exitCode(), 0);
  assert.equal((await new Api(server.client(), leases).list()).items[0]?.spec?.holderIdentity, "");
  assert.equal(clock.pending, 0);
  assert.doesNotMatch(output.stderr, /"level":"(warn|error)"/);
  server.close();
});

Deno.test("checksum-controller takes ring, names and namespaces from its flags", async () => {
  const args = [
    "--controllerring=my-ring",
    "--shard-name=me",
    "--lease-namespace=kube-public",
    "--namespace=kube-system",
  ];
  const { clock, server, stop, exitCode } = run(args);
  await clock.advance(3_000);
  const lease = await new Api(server.client(), leases, { namespace: "kube-public" }).get("me");
  assert.equal(lease.metadata.labels?.["alpha.sharding.timebertt.dev/controllerring"], "my-ring");
  const labels = { "shard.alpha.sharding.timebertt.dev/my-ring": "me" };
  for (const namespace of ["kube-system", "default"]) {
    await new Api(server.client(), secrets, { namespace }).create({ metadata: { name: "foo", labels } });
  }
  await clock.advance(1_000);
  const { items } = await new Api(server.client(), configMaps).list();
  assert.deepEqual(items.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`), [
    "kube-system/checksums-foo",
  ]);
  stop();
  await clock.advance(1_000);
  assert.equal(exitCode(), 0);
  server.close();
});

Deno.test("checksum-controller is named after its pod, and finds the pod's namespace", async () => {
  const { clock, server, stop, exitCode } = run([], {
    env: (name) => name === "KUBERNETES_SERVICE_HOST" ? "10.0.0.1" : undefined,
    hostname: () => "checksum-controller-c95c4fdb6-7jb2v",
    readTextFile: (path) => Promise.resolve(path.endsWith("/serviceaccount/namespace") ? "kube-node-lease" : undefined),
  });
  await clock.advance(3_000);
  const lease = await new Api(server.client(), leases, { namespace: "kube-node-lease" }).get(
    "checksum-controller-c95c4fdb6-7jb2v",
  );
  assert.equal(lease.spec?.holderIdentity, "checksum-controller-c95c4fdb6-7jb2v");
  stop();
  await clock.advance(1_000);
  assert.equal(exitCode(), 0);
  server.close();
});

/** Messages of the log lines of a level. */
function messages(stderr: string, level: string): string[] {
  const lines: { level: string; msg: string; error?: string }[] = stderr.trim().split("\n").map((line) =>
    JSON.parse(line)
  );
  return lines.filter((line) => line.level === level).map(({ msg, error }) =>
    error === undefined ? msg : `${msg}: ${error}`
  );
}

Deno.test("checksum-controller names the flag when it does not know where its Lease belongs", async () => {
  const { clock, server, output, exitCode } = run([]);
  await clock.settle();
  assert.equal(exitCode(), 1);
  assert.deepEqual(messages(output.stderr, "error"), [
    "stopping: this process does not run in a pod, so it has no namespace for the shard's Lease: set --lease-namespace",
  ]);
  server.close();
});

Deno.test("checksum-controller says in one line what is wrong with the kubeconfig", async () => {
  const { clock, server, output, exitCode } = run([], {
    findCluster: () => Promise.reject(new KubeconfigError("kubeconfig /x does not exist")),
  });
  await clock.settle();
  assert.equal(exitCode(), 1);
  assert.deepEqual(messages(output.stderr, "error"), ["stopping: kubeconfig /x does not exist"]);
  assert.ok(!output.stderr.includes("    at "), "without a stack trace");
  server.close();
});

Deno.test("checksum-controller refuses a shard name that is no label value", async () => {
  const { clock, server, output, exitCode } = run(["--lease-namespace=default", `--shard-name=${"a".repeat(64)}`]);
  await clock.settle();
  assert.equal(exitCode(), 1);
  assert.match(messages(output.stderr, "error")[0] ?? "", /choose another shard name/);
  server.close();
});

Deno.test("checksum-controller waits for an API server that is not there yet, with one line", async () => {
  const running = run(["--lease-namespace=default", "--shard-name=me"]);
  running.reachable = false;
  await running.clock.advance(60_000);
  assert.deepEqual(messages(running.output.stderr, "error"), ["waiting for the API server"]);
  running.reachable = true;
  await running.clock.advance(20_000);
  const lease = await new Api(running.server.client(), leases, { namespace: "default" }).get("me");
  assert.equal(lease.spec?.holderIdentity, "me");
  running.stop();
  await running.clock.advance(1_000);
  assert.equal(running.exitCode(), 0);
  running.server.close();
});

Deno.test("checksum-controller ends with 0 when it is stopped while it waits", async () => {
  const running = run(["--lease-namespace=default"]);
  running.reachable = false;
  await running.clock.advance(5_000);
  running.stop();
  await running.clock.advance(1);
  assert.equal(running.exitCode(), 0);
  assert.equal(running.clock.pending, 0);
  running.server.close();
});

Deno.test("checksum-controller ends with 1 when it loses its Lease", async () => {
  const running = run(["--lease-namespace=default", "--shard-name=me"]);
  await running.clock.advance(5_000);
  running.reachable = false;
  await running.clock.advance(30_000);
  assert.equal(running.exitCode(), 1);
  const last = messages(running.output.stderr, "error").at(-1) ?? "";
  assert.match(last, /^stopping: Lease default\/me of "me" was not renewed in time; last failure: nothing listens/);
  assert.equal(running.clock.pending, 0);
  running.server.close();
});

Deno.test.each([[["--controllerring="]], [["--no-such-flag"]], [["argument"]]])(
  "checksum-controller ends with 2 for a wrong command line: %j",
  async (args) => {
    const { clock, server, output, exitCode } = run(args);
    await clock.settle();
    assert.equal(exitCode(), 2);
    assert.match(output.stderr, /^error: /);
    server.close();
  },
);

Deno.test("checksum-controller explains its flags", async () => {
  const { clock, server, output, exitCode } = run(["--help"]);
  await clock.settle();
  assert.equal(exitCode(), 0);
  for (const flag of ["controllerring", "namespace", "lease-namespace", "shard-name", "kubeconfig", "zap-log-level"]) {
    assert.match(output.stdout, new RegExp(`--${flag} `));
  }
  server.close();
});
