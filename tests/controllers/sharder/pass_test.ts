import assert from "node:assert/strict";
import fc from "fast-check";
import { Families } from "../../../controllers/sharder/families.ts";
import { Mover } from "../../../controllers/sharder/mover.ts";
import { OwnerLookup } from "../../../controllers/sharder/owner_lookup.ts";
import { pass, type PassResult, type PassScope } from "../../../controllers/sharder/pass.ts";
import { ownerlessSelector } from "../../../controllers/sharder/selectors.ts";
import { PendingDrains } from "../../../controllers/sharder/pending_drains.ts";
import { ApiServer, type Intercept } from "../../../lib/apiserver/mod.ts";
import { Api } from "../../../lib/k8s/api/api.ts";
import { configMaps, secrets } from "../../../lib/k8s/kinds/core.ts";
import type { KubeObject } from "../../../lib/k8s/types.ts";
import type { RingSnapshot } from "../../../lib/rings/mod.ts";
import { drainLabel, shardLabel } from "../../../lib/sharding/names.ts";
import { isLive, type ShardStatus } from "../../../lib/sharding/ring_view.ts";
import { VirtualClock } from "../../../lib/util/clock/mod.ts";
import { seededRandom } from "../../../lib/util/random.ts";
import { snapshotOf } from "./snapshots.ts";
import { configMapsOn, noLease, secretsOn } from "./targets.ts";
import { runs } from "../../support/runs.ts";

const [shard, drain] = [shardLabel("ring"), drainLabel("ring")];

/** An API server with objects, and a sharder's passes over them. */
class Bench {
  readonly #server = new ApiServer({ clock: new VirtualClock(), random: seededRandom(1) });
  readonly #admin = this.#server.client();
  readonly secrets: Api<KubeObject> = new Api<KubeObject>(this.#admin, secrets).inNamespace("default");
  readonly configMaps: Api<KubeObject> = new Api<KubeObject>(this.#admin, configMaps).inNamespace("default");
  readonly families: Families;
  readonly pending = new PendingDrains();
  snapshot: RingSnapshot;
  intercept: Intercept = (request, next) => next(request);
  readonly #targets;

  constructor(snapshot: RingSnapshot, capacity = 1_000) {
    this.snapshot = snapshot;
    this.families = new Families(capacity);
    const client = this.#server.client({ intercept: (request, next) => this.intercept(request, next) });
    this.#targets = [secretsOn(client), configMapsOn(client)];
  }

  async pass(
    kind: "all" | "ownerless" | PassScope = "all",
    maxPendingDrains = 100,
    signal = new AbortController().signal,
  ): Promise<PassResult> {
    const owners = new OwnerLookup(this.#targets);
    const parts = {
      snapshot: this.snapshot,
      targets: this.#targets,
      owners,
      mover: new Mover(() => this.snapshot, owners, {}, noLease),
      families: this.families,
      pending: this.pending,
      concurrency: 4,
      maxPendingDrains,
    };
    return await pass(typeof kind === "string" ? { type: kind } : kind, parts, signal);
  }

  async create(name: string, labels: Record<string, string> | undefined, owner?: KubeObject): Promise<KubeObject> {
    const metadata = { name, ...(labels === undefined ? {} : { labels }) };
    if (owner === undefined) return await this.secrets.create({ metadata });
    const { apiVersion, kind, metadata: { name: ownerName, uid = "" } } = owner;
    const ownerReferences = [{ apiVersion, kind, name: ownerName, uid, controller: true }];
    return await this.configMaps.create({ metadata: { ...metadata, ownerReferences } });
  }

  /** All objects' labels by kind and name. */
  async labels(): Promise<Map<string, Record<string, string>>> {
    const all = [...(await this.secrets.list()).items, ...(await this.configMaps.list()).items];
    return new Map(all.map(({ kind, metadata }) => [`${kind}/${metadata.name}`, metadata.labels ?? {}]));
  }

  /** Live shards let go of what they were asked to. */
  async acknowledge(): Promise<void> {
    for (const { metadata } of (await this.secrets.list({ labelSelector: drain })).items) {
      if (!isLive(this.snapshot.view.statusOf(metadata.labels?.[shard] ?? ""))) continue;
      const patch = { metadata: { labels: { [shard]: null, [drain]: null } } };
      await this.secrets.patch(metadata.name, { type: "merge", patch });
      this.pending.delete(`/Secret/default/${metadata.name}`);
    }
  }

  ownerOf(secret: string): string | undefined {
    return this.snapshot.view.shardFor(`/Secret/default/${secret}`);
  }
}

const statuses = fc.dictionary(
  fc.constantFrom("shard-a", "shard-b", "shard-c", "shard-d"),
  fc.constantFrom<Exclude<ShardStatus, "unknown">>("ready", "ready", "ready", "expired", "uncertain", "dead", "held"),
  { maxKeys: 4 },
);
const labels = fc.record({
  shard: fc.option(fc.constantFrom("shard-a", "shard-b", "shard-c", "shard-d", "bogus", ""), { nil: undefined }),
  drain: fc.boolean(),
  other: fc.option(fc.constantFrom("x", "y"), { nil: undefined }),
}).map(({ shard: name, drain: draining, other }): Record<string, string> => ({
  ...(name === undefined ? {} : { [shard]: name }),
  ...(draining ? { [drain]: "true" } : {}),
  ...(other === undefined ? {} : { other }),
}));
const mains = fc.array(fc.record({ labels, children: fc.array(labels, { maxLength: 2 }) }), { maxLength: 6 });

/** Where a main object must be in the end, and whether it may be somewhere else because nobody may move it yet. */
function isWhereItBelongs(bench: Bench, name: string, current: string | undefined): boolean {
  const { view } = bench.snapshot;
  if (view.available === 0) return true;
  if (current === bench.ownerOf(name)) return true;
  const status = current === undefined || current === "" ? undefined : view.statusOf(current);
  return status === "expired" || status === "uncertain" || status === "dead";
}

Deno.test("passes and acknowledgements bring every object to where it belongs, and touch nothing else", async () => {
  await fc.assert(
    fc.asyncProperty(statuses, mains, fc.constantFrom(1, 100), async (shards, families, maxPendingDrains) => {
      const bench = new Bench(snapshotOf(shards));
      const before = new Map<string, Record<string, string>>();
      for (const [index, family] of families.entries()) {
        const main = await bench.create(`foo-${index}`, family.labels);
        before.set(`Secret/foo-${index}`, family.labels);
        for (const [child, own] of family.children.entries()) {
          // Nobody gives a controlled object a drain label.
          const { [drain]: _, ...rest } = own;
          await bench.create(`foo-${index}-${child}`, rest, main);
          before.set(`ConfigMap/foo-${index}-${child}`, rest);
        }
      }
      let result = await bench.pass();
      for (let round = 0; round < 30; round++) {
        const last = await bench.labels();
        await bench.acknowledge();
        const start = await bench.labels();
        result = await bench.pass("all", maxPendingDrains);
        assert.deepEqual(result.failures, []);
        const end = await bench.labels();
        // A pass never takes an object from a shard at work.
        for (const [object, { [shard]: from = "" }] of start) {
          if (object.startsWith("Secret/") && isLive(bench.snapshot.view.statusOf(from))) {
            assert.equal(end.get(object)?.[shard], from, object);
          }
        }
        if (result.written === 0 && JSON.stringify([...last]) === JSON.stringify([...end])) break;
      }
      assert.equal(result.written, 0);
      const after = await bench.labels();
      for (const [object, labels] of after) {
        const { [shard]: current, [drain]: draining, ...others } = labels;
        const { [shard]: original, [drain]: _, ...otherBefore } = before.get(object) ?? {};
        assert.deepEqual(others, otherBefore, `${object}: labels of others`);
        const [, name = ""] = object.split("/");
        if (object.startsWith("Secret/")) {
          assert.ok(isWhereItBelongs(bench, name, current), `${object} is with ${current}, was with ${original}`);
          const gone = !isLive(bench.snapshot.view.statusOf(current ?? ""));
          const stays = current === original;
          assert.ok(draining === undefined || gone || stays, `${object} is draining`);
        } else {
          const main = after.get(`Secret/${name.slice(0, name.lastIndexOf("-"))}`)?.[shard];
          const { view } = bench.snapshot;
          const wanted = main !== undefined && isLive(view.statusOf(main)) ? main : bench.ownerOf(name.slice(0, -2));
          // As long as the owner's shard is late, a child may be where both go if it does not come back.
          const mayWait = view.available === 0 || view.statusOf(current ?? "") === "dead" ||
            view.statusOf(main ?? "") === "dead" ||
            (view.statusOf(main ?? "") !== "ready" && current === bench.ownerOf(name.slice(0, -2)));
          assert.ok(current === wanted || mayWait, `${object} is with ${current} and not with ${wanted}`);
        }
      }
    }),
    { numRuns: runs(20) },
  );
});

Deno.test("a pass over what has no live owner reads nothing else", async () => {
  const bench = new Bench(snapshotOf({ "shard-a": "ready", "shard-b": "expired", "shard-x": "dead" }));
  assert.equal(ownerlessSelector(bench.snapshot), `${shard} notin (shard-a,shard-b)`);
  for (let i = 0; i < 5; i++) await bench.create(`settled-${i}`, { [shard]: "shard-a" });
  await bench.create("lost", {});
  await bench.create("bogus", { [shard]: "bogus" });
  await bench.create("dead", { [shard]: "shard-x" });
  const result = await bench.pass("ownerless");
  assert.deepEqual([result.listed, result.found, result.written], [3, 3, 2]);
  assert.deepEqual([...result.unjudged], ["shard-x"]);
});

Deno.test("unknown shards wait for a judgement", async () => {
  const bench = new Bench(snapshotOf({ "shard-a": "ready" }, false));
  await bench.create("foo", { [shard]: "unknown" });
  const result = await bench.pass();
  assert.deepEqual([result.written, [...result.unjudged]], [0, ["unknown"]]);
});

Deno.test("without any available shard a pass does not even look", async () => {
  const bench = new Bench(snapshotOf({ "shard-x": "dead" }));
  await bench.create("foo", undefined);
  let requests = 0;
  bench.intercept = (request, next) => {
    requests++;
    return next(request);
  };
  assert.equal((await bench.pass()).listed, 0);
  assert.equal(requests, 0);
});

Deno.test("a family moves from a dead shard with one write for each member, in one go", async () => {
  const bench = new Bench(snapshotOf({ "shard-a": "ready", "shard-x": "held" }));
  const main = await bench.create("foo", { [shard]: "shard-x" });
  await bench.create("foo-0", { [shard]: "shard-x" }, main);
  await bench.create("foo-1", { [shard]: "shard-x" }, main);
  const methods: string[] = [];
  bench.intercept = (request, next) => {
    methods.push(request.method);
    return next(request);
  };
  const result = await bench.pass("ownerless");
  assert.equal(result.written, 3);
  // Two lists and nothing read again.
  assert.deepEqual(methods, ["GET", "GET", "PATCH", "PATCH", "PATCH"]);
  assert.ok([...await bench.labels()].every(([, labels]) => labels[shard] === "shard-a"));
});

Deno.test("children that find no room are reported, and move in the next pass", async () => {
  const bench = new Bench(snapshotOf({ "shard-a": "ready", "shard-x": "held" }), 1);
  const main = await bench.create("foo", { [shard]: "shard-x" });
  await bench.create("foo-0", { [shard]: "shard-x" }, main);
  await bench.create("foo-1", { [shard]: "shard-x" }, main);
  assert.equal((await bench.pass()).overflowed, true);
  const second = await bench.pass();
  assert.equal(second.overflowed, false);
  assert.ok([...await bench.labels()].every(([, labels]) => labels[shard] === "shard-a"));
});

Deno.test("no more drains than allowed are pending for a shard, and the others are reported", async () => {
  const bench = new Bench(snapshotOf({ "shard-a": "ready", "shard-b": "ready" }));
  for (let i = 0; i < 20; i++) {
    await bench.create(`foo-${i}`, { [shard]: bench.ownerOf(`foo-${i}`) === "shard-a" ? "shard-b" : "shard-a" });
  }
  const result = await bench.pass("all", 3);
  assert.equal(result.written, 6);
  assert.deepEqual([...result.congested.keys()].sort(), ["shard-a", "shard-b"]);
  assert.equal(bench.pending.countOf("shard-a"), 3);
  assert.equal((await bench.pass("all", 3)).written, 0);
});
