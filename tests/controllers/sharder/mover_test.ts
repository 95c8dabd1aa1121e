import assert from "node:assert/strict";
import { type MoveObserver, Mover, type Outcome } from "../../../controllers/sharder/mover.ts";
import { OwnerLookup } from "../../../controllers/sharder/families/owner_lookup.ts";
import type { Target } from "../../../controllers/sharder/targets.ts";
import { ApiServer, type Fault, faults } from "../../../lib/apiserver/mod.ts";
import { Api } from "../../../lib/k8s/api/api.ts";
import { secrets } from "../../../lib/k8s/kinds/core.ts";
import type { Secret } from "../../../lib/k8s/types.ts";
import type { RingSnapshot } from "../../../lib/rings/mod.ts";
import { drainLabel, shardLabel } from "../../../lib/sharding/names.ts";
import { VirtualClock } from "../../../lib/util/clock/mod.ts";
import { seededRandom } from "../../../lib/util/random.ts";
import { snapshotOf } from "./snapshots.ts";
import { noLease, secretsOn } from "./targets.ts";

const [shard, drain] = [shardLabel("ring"), drainLabel("ring")];
const signal = new AbortController().signal;

/** One Secret, and a mover on a network that fails as a test wants it to. */
class Bench {
  readonly #clock = new VirtualClock();
  readonly #server = new ApiServer({ clock: this.#clock, random: seededRandom(1) });
  readonly secrets: Api<Secret> = new Api(this.#server.client(), secrets).inNamespace("default");
  snapshot: RingSnapshot;
  /** What goes wrong with the n-th patch, counted from 0. */
  fault: (patch: number) => Fault = () => ({ type: "none" });
  /** Happens right before the first patch arrives. */
  meanwhile: () => Promise<unknown> = () => Promise.resolve();
  patches = 0;
  readonly counted: string[] = [];
  readonly #target: Target;
  readonly #mover: Mover;

  constructor(snapshot: RingSnapshot) {
    this.snapshot = snapshot;
    const breaking = faults(
      this.#clock,
      ({ method }) => method === "PATCH" ? this.fault(this.patches++) : { type: "none" },
    );
    const client = this.#server.client({
      intercept: async (request, next) => {
        if (request.method === "PATCH" && this.patches === 0) await this.meanwhile();
        return await breaking(request, next);
      },
    });
    this.#target = secretsOn(client);
    const observer: Required<MoveObserver> = {
      onDrain: () => this.counted.push("drain"),
      onWithdraw: () => this.counted.push("withdraw"),
      onMove: (_ring, _resource, from, to) => this.counted.push(`${from ?? ""} > ${to}`),
    };
    this.#mover = new Mover(() => this.snapshot, new OwnerLookup([this.#target]), observer, noLease);
  }

  /** Settles a new Secret with these labels. */
  async settle(labels: Record<string, string>): Promise<Outcome> {
    await this.secrets.create({ metadata: { name: "foo", labels } });
    const object = await this.#target.objects.inNamespace("default").get("foo");
    return await this.#mover.settle(this.#target, object, signal);
  }

  async labels(): Promise<Record<string, string>> {
    return (await this.secrets.get("foo")).metadata.labels ?? {};
  }

  async label(labels: Record<string, string | null>): Promise<void> {
    await this.secrets.patch("foo", { type: "merge", patch: { metadata: { labels } } });
  }
}

const wanted = snapshotOf({ "shard-a": "ready", "shard-b": "ready" }).view.shardFor("/Secret/default/foo") ?? "";
const other = wanted === "shard-a" ? "shard-b" : "shard-a";
const both = { "shard-a": "ready", "shard-b": "ready" } as const;

for (const [code, reason] of [[409, "Conflict"], [422, "Invalid"]] as const) {
  Deno.test(`an object that is refused with ${code} is planned again, and counted once`, async () => {
    const bench = new Bench(snapshotOf(both));
    bench.fault = (patch) => patch < 4 ? { type: "status", code, reason } : { type: "none" };
    assert.deepEqual(await bench.settle({ [shard]: other }), {
      type: "written",
      plan: { type: "drain", from: other, to: wanted },
    });
    assert.equal(bench.patches, 5);
    assert.deepEqual(bench.counted, ["drain"]);
  });

  Deno.test(`an object that is refused with ${code} again and again is given up, by its name`, async () => {
    const bench = new Bench(snapshotOf(both));
    bench.fault = () => ({ type: "status", code, reason });
    await assert.rejects(bench.settle({}), (error: Error) => {
      assert.match(error.message, /Secret default\/foo after 5 attempts/);
      assert.match(String(error.cause), new RegExp(String(code)));
      return true;
    });
    assert.deepEqual([bench.patches, bench.counted], [5, []]);
  });
}

Deno.test("what failed is not counted, and an object that is gone is no failure", async () => {
  const bench = new Bench(snapshotOf(both));
  bench.fault = () => ({ type: "status", code: 500, reason: "InternalError" });
  await assert.rejects(bench.settle({ [shard]: other }), /500/);
  const gone = new Bench(snapshotOf(both));
  gone.meanwhile = () => gone.secrets.delete("foo");
  assert.deepEqual(await gone.settle({ [shard]: other }), { type: "gone" });
  assert.deepEqual([...bench.counted, ...gone.counted], []);
});

Deno.test("a drain is never written twice", async () => {
  const bench = new Bench(snapshotOf(both));
  // Another sharder that believes to lead was faster.
  bench.meanwhile = () => bench.label({ [drain]: "true" });
  assert.deepEqual(await bench.settle({ [shard]: other }), { type: "settled" });
  assert.deepEqual([bench.patches, bench.counted], [1, []]);
});

Deno.test("a drain is withdrawn by the removal of its label alone", async () => {
  const bench = new Bench(snapshotOf(both));
  const outcome = await bench.settle({ [shard]: wanted, [drain]: "true", app: "x" });
  assert.deepEqual(outcome, { type: "written", plan: { type: "withdraw", shard: wanted } });
  assert.deepEqual(await bench.labels(), { [shard]: wanted, app: "x" });
  assert.deepEqual(bench.counted, ["withdraw"]);
});

Deno.test("a withdrawal that comes after the acknowledgement gives the object to its shard anew", async () => {
  const bench = new Bench(snapshotOf(both));
  bench.meanwhile = () => bench.label({ [shard]: null, [drain]: null });
  const outcome = await bench.settle({ [shard]: wanted, [drain]: "true" });
  assert.deepEqual(outcome, { type: "written", plan: { type: "assign", shard: wanted } });
  assert.deepEqual(await bench.labels(), { [shard]: wanted });
  assert.deepEqual(bench.counted, [` > ${wanted}`]);
});

Deno.test("a withdrawal that comes after the object got another shard takes nothing from that", async () => {
  const bench = new Bench(snapshotOf(both));
  // A webhook that has not seen the ring change back.
  bench.meanwhile = () => bench.label({ [shard]: other, [drain]: null });
  const outcome = await bench.settle({ [shard]: wanted, [drain]: "true" });
  assert.deepEqual(outcome, { type: "written", plan: { type: "drain", from: other, to: wanted } });
  assert.deepEqual(await bench.labels(), { [shard]: other, [drain]: "true" });
});

Deno.test("a withdrawal that crosses the death of the shard leaves the object to the take-over", async () => {
  const bench = new Bench(snapshotOf(both));
  bench.meanwhile = async () => {
    await bench.label({ app: "x", [drain]: "" });
    bench.snapshot = snapshotOf({ [wanted]: "dead", [other]: "ready" });
  };
  assert.deepEqual(await bench.settle({ [shard]: wanted, [drain]: "true" }), {
    type: "waiting",
    shard: wanted,
    for: "take-over",
  });
});
