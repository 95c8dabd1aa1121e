import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { checksumController } from "../../commands/checksum_controller.ts";
import { clusterOf } from "../../commands/common/system_parts.ts";
import type { CommandParts } from "../../commands/common/parts.ts";
import { denoHost, loadClusterAccess } from "../../lib/k8s/kubeconfig/mod.ts";
import { systemClock } from "../../lib/util/clock/mod.ts";
import { systemRandom } from "../../lib/util/random.ts";
import { binariesAvailable } from "../controlplane/assets.ts";
import { type ControlPlane, startControlPlane } from "../controlplane/control_plane.ts";
import { eventually } from "../controlplane/processes.ts";
import { serviceAccountUser } from "../controlplane/users.ts";

const shardUser = serviceAccountUser("default", "checksum-controller");
const shardLabel = "shard.alpha.sharding.timebertt.dev/checksum-controller";
const drainLabel = "drain.alpha.sharding.timebertt.dev/checksum-controller";
const deploy = fileURLToPath(new URL("../../deploy", import.meta.url));

/** Standard output of a kubectl that must succeed. */
async function kubectl(controlPlane: ControlPlane, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await controlPlane.kubectl(args);
  assert.equal(code, 0, `kubectl ${args.join(" ")}: ${stderr}`);
  return stdout.trim();
}

/** The command with the rights of the manifests, in this process. */
function startShard(controlPlane: ControlPlane, shard: string): {
  readonly logs: () => string;
  readonly stop: () => Promise<number>;
} {
  let logs = "";
  const stop = new AbortController();
  const parts: CommandParts = {
    clock: systemClock,
    random: systemRandom,
    env: () => undefined,
    hostname: () => "test",
    readTextFile: () => Promise.resolve(undefined),
    stdout: (text) => void (logs += text),
    stderr: (text) => void (logs += text),
    findCluster: async (flags) =>
      clusterOf(await loadClusterAccess({ host: denoHost, clock: systemClock, flags }), systemClock, systemRandom),
  };
  const { kubeconfigPath } = controlPlane.user(shardUser.name);
  const args = [`--kubeconfig=${kubeconfigPath}`, "--lease-namespace=default", `--shard-name=${shard}`, "--zap-devel"];
  const done = checksumController(args, parts, stop.signal);
  return {
    logs: () => logs,
    stop: () => {
      stop.abort();
      return done;
    },
  };
}

/** The command as a process of its own. */
function spawnShard(controlPlane: ControlPlane, shard: string): Deno.ChildProcess {
  const { kubeconfigPath } = controlPlane.user(shardUser.name);
  const args = [`--kubeconfig=${kubeconfigPath}`, "--lease-namespace=default", `--shard-name=${shard}`];
  const main = fileURLToPath(new URL("../../main.ts", import.meta.url));
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", main, "checksum-controller", ...args],
    stdout: "null",
    stderr: "piped",
  }).spawn();
}

/** Of two signals at once the system delivers either first, and only SIGINT gives a person time to think. */
const shutdownLine = /Shutting down gracefully( in 2 seconds)?, send another SIGINT or SIGTERM to shut down non-grace/;

const checksumOfBar = "fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9";
const checksumOfBaz = "baa5a0964d3320fbc0c6a922140453c8513ea24ab8fd0577034804a967248096";

Deno.test("a shard does its work on a real API server", { ignore: !binariesAvailable() }, async (t) => {
  await using controlPlane = await startControlPlane({ users: [shardUser] });
  await kubectl(controlPlane, "apply", "--server-side", "-k", `${deploy}/crds`);
  await kubectl(controlPlane, "apply", "--server-side", "-k", `${deploy}/examples/checksum-controller`);
  const shard = startShard(controlPlane, "shard-a");
  const get = (kind: string, name: string, path: string): Promise<string> =>
    kubectl(controlPlane, "get", kind, name, "--ignore-not-found", "-o", `jsonpath=${path}`);
  /** Nobody assigns objects here, so the test does what the sharder would do. */
  const assign = async (object: string, name: string): Promise<string> =>
    await kubectl(controlPlane, "label", "--overwrite", object, `${shardLabel}=${name}`);

  try {
    await t.step("it announces itself with its Lease", async () => {
      await eventually(
        "the Lease is held",
        async () => await get("lease", "shard-a", "{.spec.holderIdentity}") === "shard-a",
      );
      const labels = await get("lease", "shard-a", "{.metadata.labels}");
      assert.deepEqual(JSON.parse(labels), { "alpha.sharding.timebertt.dev/controllerring": "checksum-controller" });
    });

    await t.step("it leaves a Secret alone that is not assigned, and works on one that is", async () => {
      await kubectl(controlPlane, "create", "secret", "generic", "foo", "--from-literal=foo=bar");
      assert.equal(await get("configmap", "checksums-foo", "{.metadata.name}"), "");
      await assign("secret/foo", "shard-a");
      await eventually(
        "the ConfigMap appears",
        async () => await get("configmap", "checksums-foo", "{.data.foo}") === checksumOfBar,
      );
      const metadata = JSON.parse(await get("configmap", "checksums-foo", "{.metadata}"));
      assert.deepEqual(metadata.labels, { secret: "foo" });
      assert.deepEqual(metadata.ownerReferences.map(({ uid: _, ...owner }: { uid: string }) => owner), [
        { apiVersion: "v1", controller: true, kind: "Secret", name: "foo" },
      ]);
    });

    await t.step("it follows changes of the Secret", async () => {
      const patch = '{"stringData":{"foo":"baz","more":"bar"}}';
      await kubectl(controlPlane, "patch", "secret", "foo", "-p", patch);
      await eventually(
        "the ConfigMap follows",
        async () =>
          await get("configmap", "checksums-foo", "{.data.foo},{.data.more}") ===
            `${checksumOfBaz},${checksumOfBar}`,
      );
      await kubectl(controlPlane, "patch", "secret", "foo", "-p", '{"data":{"more":null}}');
      await eventually(
        "the key goes",
        async () => await get("configmap", "checksums-foo", "{.data}") === `{"foo":"${checksumOfBaz}"}`,
      );
    });

    await t.step("it restores a ConfigMap that somebody edits or deletes", async () => {
      await assign("configmap/checksums-foo", "shard-a");
      await kubectl(controlPlane, "patch", "configmap", "checksums-foo", "-p", '{"data":{"foo":"wrong","odd":"key"}}');
      await eventually(
        "the data is restored",
        async () => await get("configmap", "checksums-foo", "{.data}") === `{"foo":"${checksumOfBaz}"}`,
      );
      assert.equal(await get("configmap", "checksums-foo", "{.metadata.labels.secret}"), "foo");
      await kubectl(controlPlane, "delete", "configmap", "checksums-foo");
      await eventually(
        "the ConfigMap is back",
        async () => await get("configmap", "checksums-foo", "{.data.foo}") === checksumOfBaz,
      );
    });

    await t.step("it acknowledges a drain and leaves the Secret alone from then on", async () => {
      await kubectl(controlPlane, "label", "secret/foo", `${drainLabel}=true`);
      await eventually("both labels go", async () => await get("secret", "foo", "{.metadata.labels}") === "");
      await kubectl(controlPlane, "patch", "secret", "foo", "-p", '{"stringData":{"foo":"bar"}}');
      await kubectl(controlPlane, "create", "secret", "generic", "foo2", "--from-literal=foo=bar");
      await assign("secret/foo2", "shard-a");
      await eventually("it works on others", async () => await get("configmap", "checksums-foo2", "{.data}") !== "");
      assert.equal(await get("configmap", "checksums-foo", "{.data.foo}"), checksumOfBaz);
    });

    await t.step("it reports a ConfigMap that is not its own, and leaves it as it is", async () => {
      await kubectl(controlPlane, "create", "configmap", "checksums-foo3", "--from-literal=my=own");
      await kubectl(controlPlane, "create", "secret", "generic", "foo3", "--from-literal=foo=bar");
      await assign("secret/foo3", "shard-a");
      await eventually("it says so", () => Promise.resolve(shard.logs().includes("a ConfigMap that is not ours")));
      assert.equal(await get("configmap", "checksums-foo3", "{.data}"), '{"my":"own"}');
      const selector = "--field-selector=regarding.kind=Secret,regarding.name=foo3";
      const reasons = ["get", "events.events.k8s.io", selector, "-o", "jsonpath={.items[*].reason}"];
      await eventually(
        "an event tells the owner",
        async () => await kubectl(controlPlane, ...reasons) === "ConfigMapNotControlled",
      );
    });

    for (
      const { signals, code, holder, what } of [
        { signals: ["SIGINT"], code: 0, holder: "", what: "releases its Lease at the first signal" },
        { signals: ["SIGTERM", "SIGINT"], code: 1, holder: "shard-b", what: "does not at the second, as in a crash" },
      ] as const
    ) {
      await t.step(`as a process it ${what}`, async () => {
        const process = spawnShard(controlPlane, "shard-b");
        await eventually(
          "its Lease is held",
          async () => await get("lease", "shard-b", "{.spec.holderIdentity}") === "shard-b",
        );
        for (const signal of signals) process.kill(signal);
        const { code: exitCode, stderr } = await process.output();
        const logs = new TextDecoder().decode(stderr);
        assert.match(logs, shutdownLine);
        assert.equal(exitCode, code, logs);
        assert.equal(await get("lease", "shard-b", "{.spec.holderIdentity}"), holder);
      });
    }
  } finally {
    const exitCode = await shard.stop();
    await t.step("it releases its Lease at the end, and has said nothing secret", async () => {
      assert.equal(exitCode, 0, shard.logs());
      assert.equal(await get("lease", "shard-a", "{.spec.holderIdentity}"), "");
      assert.doesNotMatch(shard.logs(), /YmFy|YmF6|fcde2b|baa5a0|"baz"/);
      assert.doesNotMatch(shard.logs(), / ERROR /, shard.logs());
    });
  }
});
