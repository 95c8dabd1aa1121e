import assert from "node:assert/strict";
import { setUpChecksumController } from "../../../../controllers/examples/checksum/mod.ts";
import { Api } from "../../../../lib/k8s/api/api.ts";
import type { RequestOptions } from "../../../../lib/k8s/contract.ts";
import { configMaps } from "../../../../lib/k8s/kinds/core.ts";
import { events } from "../../../../lib/k8s/kinds/events.ts";
import type { ConfigMap, Secret } from "../../../../lib/k8s/types.ts";
import { drainLabel, shardLabel, TestCluster } from "../../../lib/shard/fixture.ts";

const ours = { [shardLabel]: "shard-a" };
const bar = "YmFy";
const checksumOfBar = "fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9";
const baz = "YmF6";
const checksumOfBaz = "baa5a0964d3320fbc0c6a922140453c8513ea24ab8fd0577034804a967248096";

class ChecksumCluster extends TestCluster {
  readonly configMaps = new Api(this.admin, configMaps, { namespace: "default" });
  /** Writes that shards tried, those that failed among them: `<shard> <method> <last part of the path>`. */
  readonly attempts: string[] = [];
  /** How often shards looked for one object. */
  reads = 0;

  constructor(collectGarbage = true) {
    super(collectGarbage);
    this.network = (from) => (request: RequestOptions, next) => {
      const name = request.path.split("/").at(-1) ?? "";
      if (from.includes("/")) return next(request);
      if (request.method !== "GET") this.attempts.push(`${from} ${request.method} ${name}`);
      else if (name !== "secrets" && name !== "configmaps") this.reads++;
      return next(request);
    };
  }

  async secret(name: string, data: Record<string, string>, labels: Record<string, string> = ours): Promise<Secret> {
    const secret = await this.secrets.create({ metadata: { name, labels }, data });
    await this.clock.advance(1_000);
    return secret;
  }

  /** What the sharder does with a ConfigMap that came unassigned. */
  async assign(name: string, shard: string): Promise<void> {
    await this.configMaps.patch(name, {
      type: "merge",
      patch: { metadata: { labels: { [shardLabel]: shard } } },
    });
    await this.clock.advance(1_000);
  }

  async change(
    api: Api<ConfigMap> | Api<Secret>,
    name: string,
    patch: Parameters<typeof mergePatch>[0],
  ): Promise<void> {
    await api.patch(name, mergePatch(patch));
    await this.clock.advance(1_000);
  }

  /** The ConfigMap's data; undefined when there is none. */
  async data(name: string): Promise<ConfigMap["data"]> {
    const configMap = await this.configMaps.find(name);
    return configMap === undefined ? undefined : configMap.data ?? {};
  }
}

type MergePatch = Extract<Parameters<Api<Secret>["patch"]>[1], { type: "merge" }>;

function mergePatch(patch: MergePatch["patch"]): MergePatch {
  return { type: "merge", patch };
}

/** Runs a test with one shard. Without the garbage collector there is time to see what it would remove. */
async function withShard(
  test: (cluster: ChecksumCluster) => Promise<void>,
  collectGarbage = true,
): Promise<void> {
  using cluster = new ChecksumCluster(collectGarbage);
  await cluster.captureLogs();
  const shard = cluster.start("shard-a", setUpChecksumController);
  await cluster.clock.advance(1_000);
  await test(cluster);
  shard.stop();
  await cluster.clock.advance(30_000);
  assert.equal(await shard.done, "done");
  const logs = cluster.logs.join("\n");
  for (const secret of [bar, baz, checksumOfBar, checksumOfBaz]) {
    assert.ok(!logs.includes(secret), `the logs hold ${secret}`);
  }
}

Deno.test("checksum-controller creates a ConfigMap that the Secret controls, with one write", async () => {
  await withShard(async (cluster) => {
    const { metadata: { uid } } = await cluster.secret("foo", { a: bar, b: baz });
    const { metadata, data } = await cluster.configMaps.get("checksums-foo");
    assert.deepEqual(data, { a: checksumOfBar, b: checksumOfBaz });
    assert.deepEqual(metadata.labels, { secret: "foo" });
    assert.deepEqual(metadata.ownerReferences, [
      { apiVersion: "v1", kind: "Secret", name: "foo", uid, controller: true },
    ]);
    await cluster.assign("checksums-foo", "shard-a");
    await cluster.clock.advance(60_000);
    assert.deepEqual(cluster.attempts, ["shard-a POST configmaps"]);
    assert.equal(cluster.reads, 0, "a newborn Secret has no ConfigMap, so nobody looks for it");
  });
});

Deno.test("checksum-controller looks for the ConfigMap of a Secret that is not newborn, before it creates one", async () => {
  await withShard(async (cluster) => {
    await cluster.secret("foo", { a: bar }, {});
    await cluster.clock.advance(5_000);
    await cluster.label("foo", ours);
    await cluster.clock.advance(2_000);
    assert.deepEqual(await cluster.data("checksums-foo"), { a: checksumOfBar });
    assert.deepEqual([cluster.reads, cluster.attempts], [1, ["shard-a POST configmaps"]]);
  });
});

Deno.test("checksum-controller finds the ConfigMap of a newborn Secret that another shard had before", async () => {
  await withShard(async (cluster) => {
    const { metadata: { uid = "" } } = await cluster.secrets.create({ metadata: { name: "foo" }, data: { a: bar } });
    const ownerReferences = [{ apiVersion: "v1", kind: "Secret", name: "foo", uid, controller: true }];
    const metadata = { name: "checksums-foo", labels: { secret: "foo" }, ownerReferences };
    await cluster.configMaps.create({ metadata, data: { a: checksumOfBar } });
    await cluster.label("foo", ours);
    await cluster.clock.advance(1_000);
    assert.deepEqual([cluster.reads, cluster.attempts], [1, ["shard-a POST configmaps"]], "refused, then read");
    assert.ok(!cluster.logs.some((line) => line.includes("WARN") || line.includes("ERROR")), cluster.logs.join("\n"));
  });
});

Deno.test("checksum-controller creates a ConfigMap for an empty Secret, once", async () => {
  await withShard(async (cluster) => {
    await cluster.secret("foo", {});
    await cluster.assign("checksums-foo", "shard-a");
    assert.deepEqual(await cluster.data("checksums-foo"), {});
    assert.equal(cluster.attempts.length, 1);
  });
});

Deno.test("checksum-controller follows the Secret: changed, added and removed keys", async () => {
  await withShard(async (cluster) => {
    await cluster.secret("foo", { a: bar });
    await cluster.change(cluster.secrets, "foo", { data: { a: baz } });
    assert.deepEqual(await cluster.data("checksums-foo"), { a: checksumOfBaz });
    await cluster.change(cluster.secrets, "foo", { data: { b: bar } });
    assert.deepEqual(await cluster.data("checksums-foo"), { a: checksumOfBaz, b: checksumOfBar });
    await cluster.change(cluster.secrets, "foo", { data: { a: null } });
    assert.deepEqual(await cluster.data("checksums-foo"), { b: checksumOfBar });
    assert.equal(cluster.attempts.length, 4, "one write for each change");
    await cluster.change(cluster.secrets, "foo", { metadata: { annotations: { other: "change" } } });
    assert.equal(cluster.attempts.length, 4, "and none for a change that does not matter");
  });
});

Deno.test("checksum-controller takes keys out of a ConfigMap that it once wrote by server-side apply", async () => {
  await withShard(async (cluster) => {
    const { metadata: { uid = "" } } = await cluster.secret("foo", { a: bar }, {});
    const ownerReferences = [{ apiVersion: "v1", kind: "Secret", name: "foo", uid, controller: true }];
    const metadata = { name: "checksums-foo", labels: { secret: "foo", theirs: "yes" }, ownerReferences };
    const data = { a: checksumOfBar, b: checksumOfBaz };
    await cluster.configMaps.apply({ metadata, data }, { fieldManager: "checksum-controller" });
    await cluster.clock.advance(5_000);
    await cluster.label("foo", ours);
    await cluster.clock.advance(2_000);
    const { data: written, metadata: { labels } } = await cluster.configMaps.get("checksums-foo");
    assert.deepEqual([written, labels], [{ a: checksumOfBar }, { secret: "foo", theirs: "yes" }]);
    assert.deepEqual(cluster.attempts, ["shard-a PATCH checksums-foo"]);
  });
});

Deno.test("checksum-controller does not write over a ConfigMap that changed after it looked", async () => {
  await withShard(async (cluster) => {
    await cluster.secret("foo", { a: bar });
    const { network } = cluster;
    let raced = false;
    cluster.network = (from) => async (request, next) => {
      if (request.method === "PATCH" && !raced) {
        raced = true;
        await cluster.configMaps.delete("checksums-foo");
        await cluster.configMaps.create({ metadata: { name: "checksums-foo" }, data: { my: "own" } });
      }
      return await network(from)(request, next);
    };
    await cluster.change(cluster.secrets, "foo", { data: { a: baz } });
    assert.ok(raced);
    assert.deepEqual(await cluster.data("checksums-foo"), { my: "own" }, "the one of somebody else");
    await cluster.configMaps.delete("checksums-foo");
    await cluster.clock.advance(61_000);
    assert.deepEqual(await cluster.data("checksums-foo"), { a: checksumOfBaz });
  });
});

Deno.test("checksum-controller restores a ConfigMap that somebody deletes", async () => {
  await withShard(async (cluster) => {
    await cluster.secret("foo", { a: bar });
    await cluster.assign("checksums-foo", "shard-a");
    await cluster.configMaps.delete("checksums-foo");
    await cluster.clock.advance(1_000);
    assert.deepEqual(await cluster.data("checksums-foo"), { a: checksumOfBar });
  });
});

const edits: readonly (readonly [string, MergePatch["patch"]])[] = [
  ["a changed value", { data: { a: "wrong" } }],
  ["a removed value", { data: { a: null } }],
  ["a key of their own", { data: { odd: "key" } }],
  ["all at once", { data: { a: "wrong", odd: "key", odder: "key" } }],
  ["binary data", { binaryData: { odd: bar } }],
  ["a removed label", { metadata: { labels: { secret: null } } }],
];

Deno.test.each(edits)("checksum-controller restores a ConfigMap after somebody's edit: %s", async (_, patch) => {
  await withShard(async (cluster) => {
    await cluster.secret("foo", { a: bar });
    await cluster.assign("checksums-foo", "shard-a");
    await cluster.change(cluster.configMaps, "checksums-foo", patch);
    const { data, binaryData = {}, metadata } = await cluster.configMaps.get("checksums-foo");
    assert.deepEqual(data, { a: checksumOfBar });
    assert.deepEqual(binaryData, {});
    assert.equal(metadata.labels?.["secret"], "foo");
    assert.equal(metadata.labels?.[shardLabel], "shard-a", "the shard label is the sharder's");
    const written = cluster.attempts.length;
    await cluster.clock.advance(600_000);
    assert.equal(cluster.attempts.length, written, "and is quiet then");
  });
});

Deno.test("checksum-controller leaves what others add to the metadata", async () => {
  await withShard(async (cluster) => {
    await cluster.secret("foo", { a: bar });
    await cluster.assign("checksums-foo", "shard-a");
    await cluster.change(cluster.configMaps, "checksums-foo", { metadata: { labels: { theirs: "yes" } } });
    assert.equal(cluster.attempts.length, 1);
  });
});

Deno.test("checksum-controller writes nothing for a Secret that moved here with its ConfigMap as it should be", async () => {
  using cluster = new ChecksumCluster();
  const a = cluster.start("shard-a", setUpChecksumController);
  const b = cluster.start("shard-b", setUpChecksumController);
  await cluster.clock.advance(1_000);
  await cluster.secret("foo", { a: bar });
  await cluster.assign("checksums-foo", "shard-a");
  await cluster.label("foo", { [drainLabel]: "true" });
  await cluster.clock.advance(500);
  assert.deepEqual(await cluster.labelsOf("foo"), {});
  await cluster.label("foo", { [shardLabel]: "shard-b" });
  // The ConfigMap follows later, so for a moment the new shard does not see it.
  await cluster.clock.advance(1_000);
  await cluster.assign("checksums-foo", "shard-b");
  assert.deepEqual(cluster.attempts, ["shard-a POST configmaps", "shard-a PATCH foo"]);
  await cluster.change(cluster.secrets, "foo", { data: { a: baz } });
  assert.deepEqual(cluster.attempts.slice(2), ["shard-b PATCH checksums-foo"]);
  assert.deepEqual(await cluster.data("checksums-foo"), { a: checksumOfBaz });
  await cluster.configMaps.delete("checksums-foo");
  await cluster.clock.advance(1_000);
  assert.deepEqual(cluster.attempts.slice(3), ["shard-b POST configmaps"], "only its new shard restores it");
  a.stop();
  b.stop();
  await cluster.clock.advance(30_000);
  assert.deepEqual([a.state(), b.state()], ["done", "done"]);
});

const others = {
  "nobody's": [],
  "another kind's": [{ apiVersion: "apps/v1", kind: "Deployment", name: "foo", uid: "1", controller: true }],
  "another Secret's": [{ apiVersion: "v1", kind: "Secret", name: "other", uid: "1", controller: true }],
};

for (const [whose, ownerReferences] of Object.entries(others)) {
  Deno.test(`checksum-controller leaves a ConfigMap alone that is ${whose}, and says so on the Secret`, async () => {
    await withShard(async (cluster) => {
      await cluster.configMaps.create({ metadata: { name: "checksums-foo", ownerReferences }, data: { my: "own" } });
      await cluster.secret("foo", { a: bar });
      await cluster.clock.advance(1_000);
      assert.deepEqual(await cluster.data("checksums-foo"), { my: "own" });
      const { items } = await new Api(cluster.admin, events, { namespace: "default" }).list();
      assert.deepEqual(items.map(({ type, reason, regarding }) => [type, reason, regarding?.kind, regarding?.name]), [
        ["Warning", "ConfigMapNotControlled", "Secret", "foo"],
      ]);
      assert.match(items[0]?.note ?? "", /ConfigMap checksums-foo exists .* delete it/);
      const complaints = (): number => cluster.logs.filter((line) => line.includes("WARN")).length;
      await cluster.clock.advance(600_000);
      assert.equal(complaints(), 1, "it does not say so again and again");
      const writes = cluster.attempts.filter((attempt) => !attempt.endsWith("events"));
      assert.deepEqual(writes, ["shard-a POST configmaps"], "refused, as it exists");
      await cluster.configMaps.delete("checksums-foo");
      await cluster.clock.advance(61_000);
      assert.deepEqual(
        await cluster.data("checksums-foo"),
        { a: checksumOfBar },
        "it is written once the name is free",
      );
    }, false);
  });
}

Deno.test("checksum-controller waits for the garbage collector when a Secret is created anew", async () => {
  await withShard(async (cluster) => {
    const former = { apiVersion: "v1", kind: "Secret", name: "foo", uid: "former", controller: true };
    const metadata = { name: "checksums-foo", ownerReferences: [former] };
    await cluster.configMaps.create({ metadata, data: { a: checksumOfBar } });
    await cluster.secret("foo", { a: baz });
    assert.deepEqual(await cluster.data("checksums-foo"), { a: checksumOfBar }, "that of the former Secret");
    await cluster.configMaps.delete("checksums-foo");
    await cluster.clock.advance(2_000);
    assert.deepEqual(await cluster.data("checksums-foo"), { a: checksumOfBaz });
    assert.ok(!cluster.logs.some((line) => line.includes("WARN") || line.includes("ERROR")), cluster.logs.join("\n"));
  }, false);
});

Deno.test("checksum-controller does nothing for a Secret that is being deleted", async () => {
  await withShard(async (cluster) => {
    await cluster.secrets.create({ metadata: { name: "foo", finalizers: ["example.com/wait"] }, data: { a: bar } });
    await cluster.secrets.delete("foo");
    await cluster.label("foo", ours);
    await cluster.clock.advance(1_000);
    assert.equal(await cluster.data("checksums-foo"), undefined);
    assert.deepEqual(cluster.attempts, []);
  });
});

Deno.test("checksum-controller does without the label where the Secret's name is no label value", async () => {
  await withShard(async (cluster) => {
    const name = "x".repeat(100);
    await cluster.secret(name, { a: bar });
    assert.deepEqual(await cluster.data(`checksums-${name}`), { a: checksumOfBar });
  });
});

Deno.test("checksum-controller reports a ConfigMap that the API server refuses, and does not try for ever", async () => {
  await withShard(async (cluster) => {
    const name = "x".repeat(250);
    await cluster.secret(name, { a: bar });
    await cluster.clock.advance(60_000);
    const { items } = await new Api(cluster.admin, events, { namespace: "default" }).list();
    assert.deepEqual(items.map(({ type, reason }) => [type, reason]), [["Warning", "ConfigMapRefused"]]);
    assert.equal(cluster.attempts.filter((attempt) => attempt.endsWith("configmaps")).length, 1);
  });
});
