import assert from "node:assert/strict";
import { leaseTroubles, type RingReport, ringReport, type ShardedObject } from "../../../../lib/rings/report/mod.ts";
import type { RingCondition } from "../../../../lib/sharding/ring_types.ts";
import { RingView, type ShardEntry } from "../../../../lib/sharding/ring_view.ts";
import type { ShardState } from "../../../../lib/sharding/shard_state.ts";
import { checksumRing, configMap, secret } from "./objects.ts";

function entry(name: string, state: ShardState, more: Partial<ShardEntry> = {}): ShardEntry {
  return {
    name,
    namespace: "default",
    judgement: { state, holder: state === "dead" ? "nobody" : "shard", held: false, proven: true },
    ...more,
  };
}

function report(shards: readonly ShardEntry[], objects: readonly ShardedObject[]): RingReport {
  return ringReport({ ring: checksumRing, view: new RingView("ring", shards), objects });
}

Deno.test("ringReport() counts objects by shard and resource", () => {
  const { shards, resources, objects, withoutOwner, draining, total, available } = report(
    [entry("b", "ready"), entry("a", "ready")],
    [secret("one", "a"), secret("two", "a", true), secret("three", "b"), configMap("checksums-one", "one", "a")],
  );
  assert.deepEqual(shards.map(({ name, objects, perResource, draining }) => [name, objects, perResource, draining]), [
    ["a", 3, [2, 1], 1],
    ["b", 1, [1, 0], 0],
  ]);
  assert.deepEqual(resources.map(({ name, role, objects, draining }) => [name, role, objects, draining]), [
    ["secrets", "main", 3, 1],
    ["configmaps", "controlled", 1, 0],
  ]);
  assert.deepEqual({ objects, withoutOwner, draining, total, available }, {
    objects: 4,
    withoutOwner: 0,
    draining: 1,
    total: 2,
    available: 2,
  });
});

const owners: readonly { readonly what: string; readonly shard: ShardEntry; readonly live: boolean; state: string }[] =
  [
    { what: "a ready shard", shard: entry("a", "ready"), live: true, state: "ready" },
    { what: "a late shard", shard: entry("a", "expired"), live: true, state: "expired" },
    { what: "a very late shard", shard: entry("a", "uncertain"), live: true, state: "uncertain" },
    { what: "a dead shard", shard: entry("a", "dead"), live: false, state: "dead" },
    { what: "an orphaned shard", shard: entry("a", "orphaned"), live: false, state: "orphaned" },
    {
      what: "a shard whose Lease was deleted",
      shard: entry("a", "ready", { ghost: true }),
      live: true,
      state: "no Lease",
    },
    { what: "a shard that nobody knows", shard: entry("b", "ready"), live: false, state: "no Lease" },
  ];

for (const { what, shard, live, state } of owners) {
  Deno.test(`ringReport() says that an object of ${what} has ${live ? "a" : "no"} live owner`, () => {
    const { shards, withoutOwner } = report([shard], [secret("one", "a")]);
    const found = shards.find(({ name }) => name === "a");
    assert.deepEqual([found?.state, found?.available, found?.objects], [state, live, 1]);
    assert.equal(withoutOwner, live ? 0 : 1);
  });
}

Deno.test("ringReport() counts an object without a label as one without owner", () => {
  const { withoutOwner, objects, resources } = report([entry("a", "ready")], [secret("one")]);
  assert.deepEqual([withoutOwner, objects, resources[0]?.withoutOwner], [1, 1, 1]);
});

Deno.test("ringReport() leaves out controlled objects that have no controller", () => {
  const { withoutOwner, objects, resources } = report([entry("a", "ready")], [
    configMap("kube-root-ca.crt", undefined),
  ]);
  assert.deepEqual([withoutOwner, objects, resources[1]?.outside], [0, 0, 1]);
});

Deno.test("ringReport() counts an object without controller that carries a label all the same", () => {
  const { withoutOwner, objects } = report([entry("a", "ready")], [configMap("odd", undefined, "gone")]);
  assert.deepEqual([withoutOwner, objects], [1, 1]);
});

Deno.test("ringReport() ignores objects of resources that the ring does not shard", () => {
  const { objects } = report([entry("a", "ready")], [
    { ...secret("one", "a"), resource: { group: "apps", resource: "deployments" } },
  ]);
  assert.equal(objects, 0);
});

Deno.test("ringReport() names Leases that cannot be used, and those of the same name", () => {
  const long = "a".repeat(64);
  const { unusable, conflicts, total } = report(
    [entry("a", "ready"), entry("a", "ready", { namespace: "other" }), entry(long, "ready")],
    [],
  );
  assert.deepEqual([unusable, total], [[long], 1]);
  assert.deepEqual(conflicts, [{ name: "a", namespace: "default", ignored: ["other"] }]);
});

Deno.test("ringReport() takes Ready and all conditions from the ring's status", () => {
  const condition = { type: "Ready", status: "False", reason: "R", message: "m", lastTransitionTime: "t" };
  const ring = { ...checksumRing, status: { shards: 0, availableShards: 0, conditions: [condition] } };
  const { ready, conditions } = ringReport({ ring, view: new RingView("ring", []), objects: [] });
  assert.deepEqual([ready, conditions], ["False", [condition]]);
  assert.equal(report([], []).ready, "Unknown");
});

Deno.test("leaseTroubles() says what is wrong with the Leases of shards, unless a condition says so", () => {
  const entries = [entry("a", "ready"), entry("a", "ready", { namespace: "other" }), entry("-", "ready")];
  const alien = entry("b", "ready", { namespace: "alien" });
  const view = new RingView("ring", [...entries, alien], { admits: (namespace) => namespace !== "alien" });
  const told = (conditions: readonly RingCondition[]): readonly string[] => {
    const ring = { ...checksumRing, status: { shards: 0, availableShards: 0, conditions } };
    return leaseTroubles(ringReport({ ring, view, objects: [] }));
  };
  const condition = { type: "ShardNamesUnusable", status: "True", reason: "R", message: "m", lastTransitionTime: "t" };
  assert.deepEqual(told([]), [
    "the Lease a exists in other too: only one counts",
    "no object can be labelled with -",
    "the Lease alien/b counts for nothing: the ring has no shards in its namespace",
  ]);
  assert.deepEqual(told([condition]), []);
  assert.equal(told([{ ...condition, status: "False" }]).length, 3);
});
