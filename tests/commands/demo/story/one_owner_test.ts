import assert from "node:assert/strict";
import { ownerConflicts } from "../../../../commands/demo/story/one_owner.ts";
import { LeaseLog } from "../../../../commands/live_ring/lease_log.ts";
import type { Lease } from "../../../../lib/k8s/types.ts";
import { moveBetween, type ObjectMove, type ShardedObject } from "../../../../lib/rings/report/mod.ts";
import { takeOverIdentity } from "../../../../lib/sharding/names.ts";
import { configMap, secret } from "../../../lib/rings/report/objects.ts";
import { leaseOf } from "../../../lib/sharding/leases.ts";

/** A log in which shard "a" was held as given, from these versions on. */
function log(...entries: readonly (readonly [holder: string | undefined, version: number])[]): LeaseLog {
  const leases = new LeaseLog();
  for (const [holder, version] of entries) {
    const lease: Lease = leaseOf("a", holder === undefined ? {} : { holder });
    const stored = { ...lease, metadata: { ...lease.metadata, resourceVersion: String(version) } };
    leases.note(holder === undefined ? undefined : stored, stored);
  }
  return leases;
}

/** The object goes from shard "a" to shard "b", or to nobody, at this version. */
function move(from: ShardedObject, to: string, version: number): ObjectMove {
  const after = { ...from, shard: to, draining: false, resourceVersion: String(version) };
  return moveBetween(from, after, 0) ?? assert.fail("it moved");
}

const cases: readonly { readonly when: string; readonly moves: ObjectMove; leases: LeaseLog; conflicts: number }[] = [
  { when: "its shard held its Lease", moves: move(secret("x", "a"), "b", 10), leases: log(["a", 5]), conflicts: 1 },
  { when: "it lost its label so", moves: move(secret("x", "a"), "", 10), leases: log(["a", 5]), conflicts: 1 },
  { when: "it was drained", moves: move(secret("x", "a", true), "b", 10), leases: log(["a", 5]), conflicts: 0 },
  {
    when: "its shard had released its Lease",
    moves: move(secret("x", "a"), "b", 10),
    leases: log(["a", 5], ["", 8]),
    conflicts: 0,
  },
  {
    when: "the Lease was taken over",
    moves: move(secret("x", "a"), "b", 10),
    leases: log(["a", 5], [takeOverIdentity, 8], ["", 12]),
    conflicts: 0,
  },
  {
    when: "the Lease was released only later",
    moves: move(secret("x", "a"), "b", 10),
    leases: log(["a", 5], ["", 11]),
    conflicts: 1,
  },
  {
    when: "the shard had come back",
    moves: move(secret("x", "a"), "b", 10),
    leases: log(["a", 5], ["", 7], ["a", 9]),
    conflicts: 1,
  },
  {
    when: "the Lease was gone",
    moves: move(secret("x", "a"), "b", 10),
    leases: log(["a", 5], [undefined, 8]),
    conflicts: 0,
  },
  { when: "there never was a Lease", moves: move(secret("x", "a"), "b", 10), leases: log(), conflicts: 0 },
  {
    when: "it follows its owner",
    moves: move(configMap("checksums-x", "x", "a"), "b", 10),
    leases: log(["a", 5]),
    conflicts: 0,
  },
];

for (const { when, moves, leases, conflicts } of cases) {
  Deno.test(`ownerConflicts() of a move ${conflicts === 0 ? "is none" : "is one"} when ${when}`, () => {
    assert.equal(ownerConflicts([moves], leases).length, conflicts);
  });
}

Deno.test("LeaseLog orders versions as numbers, not as text", () => {
  const leases = log(["a", 9], ["", 100]);
  assert.deepEqual([50, 99, 101].map((version) => leases.heldBefore("a", String(version))), [true, true, false]);
});

Deno.test("LeaseLog keeps no renewals", () => {
  assert.equal(log(["a", 1], ["a", 2], ["a", 3]).of("a").length, 1);
});
