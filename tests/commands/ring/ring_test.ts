import assert from "node:assert/strict";
import { parseAllDocuments } from "yaml";
import { setUpChecksumController } from "../../../controllers/examples/checksum/mod.ts";
import { ApiServer } from "../../../lib/apiserver/mod.ts";
import { ConnectionError } from "../../../lib/k8s/errors.ts";
import { configMaps, namespaces, secrets } from "../../../lib/k8s/kinds/core.ts";
import { ringFinalizer } from "../../../lib/sharding/names.ts";
import { controllerRings } from "../../../lib/sharding/ring_types.ts";
import { seededRandom } from "../../../lib/util/random.ts";
import { createTestStage, type RingFields, secret, type TestRing, type TestStage } from "../../../testing.ts";
import { applyChanges } from "../../../commands/ring/simulate.ts";
import { runRing } from "../../../commands/ring/mod.ts";
import { fakeParts } from "../common/fake_parts.ts";
import { type Answer, runOn, scenes } from "./bench.ts";

/** A stage with a sharder, two shards and eight Secrets with their ConfigMaps, all at work. */
async function atWork(fields: RingFields = {}): Promise<TestStage> {
  return (await ringAtWork(fields)).stage;
}

async function ringAtWork(fields: RingFields = {}): Promise<{ readonly stage: TestStage; readonly ring: TestRing }> {
  const stage = createTestStage();
  await stage.createNamespace("default").catch(() => undefined);
  stage.startSharder();
  const ring = await stage.createRing({ name: "ring", ...fields });
  for (const name of ["shard-a", "shard-b"]) ring.startShard(name, { setUp: setUpChecksumController });
  await ring.untilReady(2);
  for (let i = 0; i < 8; i++) await stage.api(secrets).create(secret({ name: `secret-${i}` }));
  await ring.untilReconciled();
  return { stage, ring };
}

/** How many objects carry a label of the ring. */
async function labelled(stage: TestStage): Promise<number> {
  const lists = [
    await stage.api(secrets).asMetadata().list(),
    await stage.api(configMaps).asMetadata().list(),
  ];
  return lists.flatMap(({ items }) => items).filter(({ metadata: { labels = {} } }) =>
    Object.keys(labels).some((label) => label.endsWith("alpha.sharding.timebertt.dev/ring"))
  ).length;
}

async function refusal(args: string, scene: keyof typeof scenes = "healthy"): Promise<Answer> {
  await using stage = await scenes[scene]();
  const answer = await runOn(stage, args.split(" "));
  assert.equal(answer.stdout, "");
  return answer;
}

const refusals: readonly { readonly args: string; readonly code: number; readonly says: RegExp }[] = [
  { args: "bogus", code: 2, says: /unknown command 'bogus'/ },
  { args: "status rin", code: 1, says: /no ControllerRing "rin"; did you mean "ring"\?/ },
  { args: "status nothing-like-it", code: 1, says: /no ControllerRing "nothing-like-it"; there are: ring/ },
  { args: "status ring -o xml", code: 2, says: /Allowed choices are table, wide, json, yaml/ },
  { args: "status --watch", code: 2, says: /--watch needs the name of a ring/ },
  { args: "distribution", code: 2, says: /missing required argument 'ring'/ },
  { args: "whereis pods default/x", code: 1, says: /no ring shards "pods"; there are: configmaps, secrets/ },
  { args: "whereis pods default/x --ring ring", code: 1, says: /ring ring does not shard "pods"/ },
  { args: "whereis secrets default/nope", code: 1, says: /there is no Secret default\/nope/ },
  { args: "whereis secrets nope", code: 2, says: /secrets lie in namespaces: write NAMESPACE\/NAME/ },
  { args: "whereis secrets a/b/c", code: 2, says: /"a\/b\/c" must be NAMESPACE\/NAME/ },
  { args: "simulate ring", code: 2, says: /say what shall change/ },
  { args: "simulate ring --remove shard-aa", code: 2, says: /did you mean "shard-a"\?/ },
  { args: "rbac ring --mode more", code: 2, says: /Allowed choices are full, reference/ },
  { args: "release ring --labels", code: 1, says: /exists, and its sharder would label the objects again/ },
  { args: "release gone --labels", code: 2, says: /does not exist, so name its resources, such as --resource/ },
  { args: "release gone", code: 1, says: /no ControllerRing "gone"/ },
  { args: "release ring --timeout soon", code: 2, says: /is not a duration/ },
];

for (const { args, code, says } of refusals) {
  Deno.test(`ring ${args} ends with ${code} and says why`, async () => {
    const answer = await refusal(args);
    assert.match(answer.stderr, says);
    assert.equal(answer.code, code);
  });
}

Deno.test("whereis has the keys of the sharder, or with --reference-keys those of the Go sharder", async () => {
  await using stage = createTestStage();
  await stage.createRing({ name: "ring", resources: [{ main: namespaces, controlled: [configMaps] }] });
  await stage.createNamespace("foo");
  const { metadata: { uid = "" } } = await stage.api(namespaces).get("foo");
  const ownerReferences = [{ apiVersion: "v1", kind: "Namespace", name: "foo", uid, controller: true }];
  await stage.api(configMaps).create({ metadata: { name: "child", namespace: "foo", ownerReferences } });
  const keyOf = async (...args: string[]): Promise<unknown> => {
    const { stdout } = await runOn(stage, ["whereis", ...args, "-o", "json"]);
    const [found] = JSON.parse(stdout);
    return found.key;
  };
  assert.equal(await keyOf("namespaces", "foo"), "/Namespace//foo");
  assert.equal(await keyOf("configmaps", "foo/child"), "/Namespace//foo");
  assert.equal(await keyOf("configmaps", "foo/child", "--reference-keys"), "/Namespace/foo/foo");
});

Deno.test("ring without a word prints its help and ends with 2, with --help 0", async () => {
  await using stage = createTestStage();
  const bare = await runOn(stage, []);
  assert.equal(bare.code, 2);
  assert.match(bare.stderr, /Usage: ring/);
  const help = await runOn(stage, ["--help"]);
  assert.equal(help.code, 0);
  for (const name of ["status", "distribution", "whereis", "simulate", "rbac", "pause", "resume", "release"]) {
    assert.match(help.stdout, new RegExp(`^ {2}${name} `, "m"));
    const own = await runOn(stage, [name, "--help"]);
    assert.match(own.stdout, /Examples:\n {2}ring /);
    assert.equal(own.code, 0);
  }
});

Deno.test("ring names the verb and the resource that the user lacks, and the remedy", async () => {
  await using stage = await scenes.healthy();
  const { code, stderr } = await runOn(stage, ["status"], { user: { username: "jane" } });
  assert.equal(code, 1);
  assert.match(stderr, /you may not list controllerrings\.sharding\.timebertt\.dev: have somebody grant you/);
  assert.match(stderr, /User "jane"/);
});

Deno.test("ring says which server it cannot reach", async () => {
  const { parts, output, clock } = fakeParts({
    findCluster: () =>
      Promise.resolve({
        description: "https://test:6443 (a test)",
        namespace: "default",
        open: ({ userAgent }) =>
          server.client({ userAgent, intercept: () => Promise.reject(new ConnectionError("nothing listens there")) }),
      }),
  });
  const server = new ApiServer({ clock, random: seededRandom(1) });
  assert.equal(await runRing(["status"], parts, undefined, new AbortController().signal), 1);
  assert.equal(
    output.stderr,
    "error: cannot reach the API server https://test:6443 (a test), check --kubeconfig and --context: " +
      "nothing listens there\n",
  );
  server.close();
});

Deno.test("a resource that the server does not have is told, and the others are counted", async () => {
  await using stage = await scenes.healthy();
  const spec = { resources: [{ group: "", resource: "secrets" }, { group: "example.org", resource: "things" }] };
  await stage.api(controllerRings).patch("ring", { type: "merge", patch: { spec } });
  const { code, stdout } = await runOn(stage, ["status", "ring"]);
  assert.equal(code, 1);
  assert.match(stdout, /12 secrets/);
  assert.match(stdout, /! the API server does not have the resource "things\.example\.org"/);
});

Deno.test("applyChanges() takes away, renames and adds, in this order", () => {
  const before = ["a", "b", "c"];
  const changes = { add: ["2", "a"], remove: ["a"], rename: ["b=x"] };
  assert.deepEqual(applyChanges(before, changes), {
    after: ["a", "c", "new-shard-1", "new-shard-2", "x"],
    invented: ["new-shard-1", "new-shard-2"],
  });
  const wrong = [
    { add: ["c"], remove: [], rename: [] },
    { add: ["-x"], remove: [], rename: [] },
    { add: ["99999"], remove: [], rename: [] },
    { add: [], remove: [], rename: ["a"] },
    { add: [], remove: [], rename: ["a=b"] },
    { add: [], remove: ["d"], rename: [] },
  ];
  for (const each of wrong) assert.throws(() => applyChanges(before, each), { name: "RingCommandError", exitCode: 2 });
});

Deno.test("what ring simulate foretells is what happens", async () => {
  const { stage, ring } = await ringAtWork();
  await using _stage = stage;
  const foretold = JSON.parse((await runOn(stage, "simulate ring --add shard-c -o json".split(" "))).stdout);
  ring.startShard("shard-c", { setUp: setUpChecksumController });
  await ring.untilSettled();
  const { shards } = JSON.parse((await runOn(stage, "status ring -o json".split(" "))).stdout);
  const counts = (list: readonly Record<string, unknown>[], field: string): unknown[] =>
    list.map((shard) => [shard["name"], shard[field]]);
  assert.deepEqual(counts(foretold.shards, "after"), counts(shards, "objects"));
  assert.ok(foretold.moved > 0);
});

Deno.test("ring pause and resume set and remove the brake, and say when there is nothing to do", async () => {
  await using stage = await atWork();
  assert.match((await runOn(stage, ["pause", "ring"])).stdout, /^ring ring is paused: nothing moves/);
  assert.match((await runOn(stage, ["pause", "ring"])).stdout, /was paused already/);
  await stage.eventually("the ring says so", async () => {
    const { status } = await stage.api(controllerRings).get("ring");
    return status?.conditions?.some(({ type }) => type === "Paused") === true;
  });
  const { stdout, code } = await runOn(stage, ["status", "ring"]);
  assert.match(stdout, /Paused: No object moves between live shards/);
  assert.equal(code, 0, "a pause is somebody's wish, and no trouble");
  assert.deepEqual(JSON.parse((await runOn(stage, ["resume", "ring", "-o", "json"])).stdout), {
    ring: "ring",
    paused: false,
    changed: true,
  });
  assert.match((await runOn(stage, ["resume", "ring"])).stdout, /was not paused/);
  assert.deepEqual((await stage.api(controllerRings).get("ring")).metadata.annotations ?? {}, {});
});

Deno.test("ring release takes our finalizer off, and leaves those of others and all labels", async () => {
  await using stage = await atWork({ metadata: { finalizers: [ringFinalizer, "example.org/other"] } });
  const before = await labelled(stage);
  assert.equal((await runOn(stage, ["release", "ring"])).stdout, "ring ring: our finalizer is removed.\n");
  assert.deepEqual((await stage.api(controllerRings).get("ring")).metadata.finalizers, ["example.org/other"]);
  assert.equal(await labelled(stage), before);
  assert.equal((await runOn(stage, ["release", "ring"])).stdout, "ring ring has no finalizer of ours.\n");
});

Deno.test("ring release --labels has live shards let go of their objects, and removes all other labels", async () => {
  await using stage = await atWork();
  assert.equal(await labelled(stage), 16);
  // It would do the same.
  await stage.process("sharder").stop();
  await stage.api(controllerRings).delete("ring");
  // Of one shard nobody is there to ask.
  await stage.process("shard-b").stop();
  await stage.advance(2_000);
  const args = "release ring --labels --resource secrets --controlled configmaps -o json".split(" ");
  const { code, stdout } = await stage.settle(runOn(stage, args));
  assert.equal(code, 0, stdout);
  const { removed, acknowledged, left, finalizerRemoved } = JSON.parse(stdout);
  assert.ok(acknowledged > 0 && removed > 0, stdout);
  assert.deepEqual({ left, finalizerRemoved }, { left: 0, finalizerRemoved: true });
  assert.equal(await labelled(stage), 0);
});

Deno.test("ring release --labels gives up after its time while a live shard does not let go, but not with --force", async () => {
  await using stage = await scenes.healthy();
  await stage.api(controllerRings).delete("ring");
  const args = "release ring --labels --resource secrets --controlled configmaps --timeout 5s".split(" ");
  const first = await stage.settle(runOn(stage, args));
  assert.equal(first.code, 1);
  assert.match(first.stdout, /12 objects of live shards still have them after 5 s/);
  assert.equal(await labelled(stage), 24);
  const forced = await stage.settle(runOn(stage, [...args, "--force"]));
  assert.equal(forced.code, 0);
  assert.match(forced.stdout, /24 removed, 0 more/);
  assert.equal(await labelled(stage), 0);
});

Deno.test("ring rbac prints the rules of the example's own role", async () => {
  await using stage = createTestStage();
  await stage.createRing({ name: "checksum-controller" });
  const { stdout } = await runOn(stage, ["rbac", "checksum-controller"]);
  const example = parseAllDocuments(await Deno.readTextFile("deploy/examples/checksum-controller/rbac.yaml"))
    .map((document) => document.toJS());
  const [role, binding] = parseAllDocuments(stdout).map((document) => document.toJS());
  const named = (kind: string): { rules?: unknown; subjects?: unknown; roleRef?: unknown } =>
    example.find((object) => object.kind === kind && object.metadata.name === role.metadata.name) ?? {};
  assert.deepEqual(role.rules, named("ClusterRole").rules);
  assert.deepEqual(binding.subjects, named("ClusterRoleBinding").subjects);
  assert.deepEqual(binding.roleRef, named("ClusterRoleBinding").roleRef);
});

Deno.test("ring status --watch prints a ring again when it has changed, until it is stopped", async () => {
  await using stage = await atWork();
  const stop = new AbortController();
  const running = runOn(stage, ["status", "ring", "--watch"], { signal: stop.signal });
  await stage.advance(3_000);
  await stage.api(secrets).create(secret({ name: "one-more" }));
  await stage.advance(5_000);
  stop.abort(new Error("enough"));
  const { code, stdout } = await stage.settle(running);
  assert.equal(code, 0);
  const totals = stdout.split(" UTC\n").slice(1).map((text) =>
    [...text.matchAll(/^shard-\w .*? {2}(\d+) {2}/gm)].reduce((sum, [, count]) => sum + Number(count), 0)
  );
  assert.equal(totals[0], 16);
  assert.equal(totals.at(-1), 18);
});
