import assert from "node:assert/strict";
import { createRestClient } from "../../lib/k8s/client/mod.ts";
import type { RestClient } from "../../lib/k8s/contract.ts";
import { configMaps, secrets } from "../../lib/k8s/kinds/core.ts";
import { denoHost, loadClusterAccess } from "../../lib/k8s/kubeconfig/mod.ts";
import { mainKey } from "../../lib/sharding/hash_key.ts";
import { HashRing } from "../../lib/sharding/hash_ring.ts";
import { systemClock } from "../../lib/util/clock/mod.ts";
import { systemRandom } from "../../lib/util/random.ts";
import { binariesAvailable } from "../controlplane/assets.ts";
import { eventually } from "../controlplane/processes.ts";
import { install, type Installation, type Replica, ring } from "./support/installation.ts";
import { LabelLog } from "./support/label_log.ts";
import type { Process } from "./support/process.ts";

const shardColumn = `shard.alpha.sharding.timebertt.dev/${ring}`;
const manySecrets = 300;

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

/** Prints a measured figure among the test's output. */
function figure(what: string, value: number, unit: string): void {
  print(`  figure: ${what}: ${value.toFixed(1)} ${unit}\n`);
}

async function adminClient({ controlPlane }: Installation): Promise<RestClient> {
  const flags = { kubeconfig: controlPlane.kubeconfig };
  const config = await loadClusterAccess({ host: denoHost, clock: systemClock, flags });
  return createRestClient({ config, clock: systemClock, random: systemRandom });
}

/** Secrets of the tests; the namespace holds ConfigMaps of others too. */
function secretManifests(prefix: string, count: number): string {
  return Array.from({ length: count }, (_, i) => {
    const metadata = { name: `${prefix}${i}`, namespace: "default" };
    return JSON.stringify({ apiVersion: "v1", kind: "Secret", metadata, stringData: { foo: `bar-${i}` } });
  }).join("\n---\n");
}

/** Which Secrets have to be on which shard. */
function expectedShards(names: Iterable<string>, shards: Iterable<string>): Map<string, string> {
  const hashRing = new HashRing(shards);
  return new Map([...names].map((name): [string, string] => {
    const key = mainKey({ group: "", kind: "Secret" }, { namespace: "default", name });
    assert.equal(key.type, "key");
    return [name, key.type === "key" ? hashRing.ownerOf(key.key) ?? "" : ""];
  }));
}

// What the reference's suite shows is in behaviours_cluster_test.ts, with shards in pods. Here are processes without
// kubelet, with only the permissions and rights that they need: what kubectl prints, their logs, figures, signals.
Deno.test("the checksum-controller is sharded on a real API server", {
  ignore: !binariesAvailable(),
}, async (t) => {
  await using installation = await install();
  using client = await adminClient(installation);
  await using secretLog = new LabelLog(ring);
  await using configMapLog = new LabelLog(ring);
  const shards = new Map<string, Process>();
  const replicas: Replica[] = [];

  /** Every Secret is where the hash says, and its ConfigMap with it. */
  function isSettled(): boolean {
    const expected = expectedShards(secretLog.shards.keys(), shards.keys());
    return [...expected].every(([name, shard]) =>
      secretLog.shards.get(name) === shard && secretLog.historyOf(name).at(-1)?.draining === false &&
      configMapLog.shards.get(`checksums-${name}`) === shard
    );
  }
  /** Milliseconds from `begin` until everything was where it belongs. */
  async function settledAfter(begin: number, timeout: number): Promise<number> {
    await eventually("all objects are on their shards", isSettled, timeout);
    return Math.max(secretLog.lastChange, configMapLog.lastChange) - begin;
  }
  async function step(name: string, body: () => Promise<void>): Promise<void> {
    await t.step(name, async () => {
      try {
        await body();
      } catch (error) {
        print(await installation.report());
        throw error;
      }
    });
  }

  await step("two sharders and three shards come up, and kubectl shows them as the guide does", async () => {
    replicas.push(await installation.startReadySharder(), await installation.startReadySharder());
    const names = ["a", "b", "c"].map((letter) => `checksum-controller-${letter}`);
    const started = await Promise.all(names.map((name) => installation.startShard(name)));
    names.forEach((name, i) => shards.set(name, started[i] ?? assert.fail("a process for each name")));
    const table = /^NAME\s+READY\s+AVAILABLE\s+SHARDS\s+AGE\nchecksum-controller\s+True\s+3\s+3\s+\d+s\n$/;
    // The first shards of a ring wait for each other.
    await eventually(
      "all shards are available",
      async () => table.test(await installation.kubectl("get", "controllerring", ring)),
    );
    const columns = "alpha.sharding.timebertt.dev/controllerring,alpha.sharding.timebertt.dev/state";
    const leases = await installation.kubectl("get", "lease", "-L", columns);
    const [head = "", ...rows] = leases.trimEnd().split("\n");
    assert.match(head, /^NAME\s+HOLDER\s+AGE\s+CONTROLLERRING\s+STATE$/);
    assert.equal(rows.length, 3);
    for (const row of rows) {
      assert.match(row, /^(checksum-controller-[abc])\s+\1\s+\d+s\s+checksum-controller\s+ready$/);
    }
    const selector = `alpha.sharding.timebertt.dev/controllerring=${ring}`;
    const webhooks = await installation.kubectl("get", "mutatingwebhookconfiguration", "-l", selector);
    assert.match(webhooks, /^NAME\s+WEBHOOKS\s+AGE\ncontrollerring-checksum-controller\s+1\s+\d+s\n$/);
    await secretLog.start(client, secrets);
    await configMapLog.start(client, configMaps);
  });

  await step("a Secret gets its shard at admission, and that shard alone creates its ConfigMap there", async () => {
    const secret = await installation.kubectl(
      ...["create", "secret", "generic", "foo", "--from-literal", "foo=bar", "-o", "yaml"],
    );
    const [expected = ""] = expectedShards(["foo"], shards.keys()).values();
    assert.ok(secret.includes(`${shardColumn}: ${expected}`), secret);
    await eventually("the ConfigMap is there", () => configMapLog.shards.get("checksums-foo") === expected);
    const configMap = await installation.kubectl("get", "configmap", "checksums-foo", "-o", "yaml");
    assert.match(configMap, /^ {2}foo: fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9$/m);
    assert.match(configMap, /controller: true\n[\s\S]*kind: Secret\n\s+name: foo\n/);
    const [first, ...later] = configMapLog.historyOf("checksums-foo");
    assert.equal(first?.shard, expected, "the ConfigMap was assigned at admission");
    assert.deepEqual(later, []);
    const busy = [...shards].filter(([, shard]) => shard.lines.some((line) => line.includes("checksums-foo")));
    assert.deepEqual(busy.map(([name]) => name), [expected]);
  });

  await step("kubectl shows the distribution of Secrets and ConfigMaps as the guide does", async () => {
    for (let i = 1; i <= 9; i++) await installation.kubectl("create", "secret", "generic", `foo${i}`);
    await eventually("every Secret has its ConfigMap", isSettled);
    const table = await installation.kubectl("get", "secret,configmap", "-L", shardColumn);
    assert.match(table, /^NAME\s+TYPE\s+DATA\s+AGE\s+CHECKSUM-CONTROLLER$/m);
    assert.match(table, /^secret\/foo\s+Opaque\s+1\s+\d+s\s+checksum-controller-[abc]$/m);
    assert.match(table, /^NAME\s+DATA\s+AGE\s+CHECKSUM-CONTROLLER$/m);
    for (let i = 1; i <= 9; i++) {
      const shard = secretLog.shards.get(`foo${i}`);
      assert.match(table, new RegExp(`^secret/foo${i}\\s+Opaque\\s+0\\s+\\d+s\\s+${shard}$`, "m"));
      assert.match(table, new RegExp(`^configmap/checksums-foo${i}\\s+0\\s+\\d+s\\s+${shard}$`, "m"));
    }
    await installation.kubectl("delete", "secret", "foo", ...Array.from({ length: 9 }, (_, i) => `foo${i + 1}`));
    await eventually("the garbage collector removes the ConfigMaps", () => configMapLog.shards.size <= 1);
  });

  await step("many Secrets are spread over all shards at admission", async () => {
    await installation.apply(secretManifests("many-", manySecrets));
    await eventually("every Secret has its ConfigMap", isSettled, 30_000);
    assert.equal(secretLog.shards.size, manySecrets);
    for (const name of secretLog.shards.keys()) {
      assert.equal(secretLog.historyOf(name).length, 1, `${name} was assigned at admission and stayed there`);
    }
    assert.deepEqual(new Set(secretLog.shards.values()), new Set(shards.keys()));
    for (const [name, shard] of shards) figure(`resident memory of ${name}`, await shard.residentMegabytes(), "MB");
    for (const { process } of replicas) {
      figure(`resident memory of ${process.name}`, await process.residentMegabytes(), "MB");
    }
  });

  await step("a shard that is asked to stop releases its Lease, and its objects move at once", async () => {
    const leaving = shards.get("checksum-controller-a") ?? assert.fail("it was started");
    shards.delete("checksum-controller-a");
    const begin = Date.now();
    assert.equal(await leaving.stop(), 0);
    figure("from SIGTERM of a shard to all objects moved", await settledAfter(begin, 15_000) / 1_000, "s");
    assert.ok(leaving.lines.some((line) => line.startsWith("Shutting down gracefully, send another SIGINT")));
    await eventually("kubectl shows the Lease without holder as dead", async () => {
      const leases = await installation.kubectl("get", "lease", "-L", "alpha.sharding.timebertt.dev/state");
      return /^checksum-controller-a\s+\d+m?\d*s?\s+dead$/m.test(leases);
    });
    await eventually("the ring counts two of three", async () => {
      const rings = await installation.kubectl("get", "controllerring", ring);
      return /^checksum-controller\s+True\s+2\s+3\s/m.test(rings);
    });
  });

  await step("a shard that returns under its name gets its objects back", async () => {
    shards.set("checksum-controller-a", await installation.startShard("checksum-controller-a"));
    await eventually("all objects are on their shards", isSettled, 30_000);
  });

  await step("Secrets created while the webhook is down are assigned within two seconds", async () => {
    installation.webhook = "down";
    await installation.apply(secretManifests("missed-", 20));
    await eventually("all objects are on their shards", isSettled, 10_000);
    let longest = 0;
    for (let i = 0; i < 20; i++) {
      const [first, second] = secretLog.historyOf(`missed-${i}`);
      assert.equal(first?.shard, "", "the webhook did not assign it");
      longest = Math.max(longest, (second?.seen ?? Infinity) - first.seen);
    }
    assert.ok(longest < 2_000, `the sharder assigned each within two seconds: ${longest} ms`);
    figure("longest time of a Secret without shard while the webhook is down", longest / 1_000, "s");
    installation.webhook = "up";
  });

  await step("a second signal ends a shard at once, without releasing its Lease", async () => {
    const shard = shards.get("checksum-controller-c") ?? assert.fail("it was started");
    shards.delete("checksum-controller-c");
    shard.signal("SIGINT");
    shard.signal("SIGTERM");
    assert.equal(await shard.ended(), 1);
    const holder = "jsonpath={.spec.holderIdentity}";
    assert.equal(
      await installation.kubectl("get", "lease", "checksum-controller-c", "-o", holder),
      "checksum-controller-c",
    );
  });

  await step("no Secret's data is in any log", () => {
    const leaked = [...shards.values(), ...replicas.map(({ process }) => process)]
      .flatMap(({ lines }) => lines).filter((line) => line.includes("bar-") || line.includes(btoa("bar-1")));
    assert.deepEqual(leaked, []);
    return Promise.resolve();
  });
});
