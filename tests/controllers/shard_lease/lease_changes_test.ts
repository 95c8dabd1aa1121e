import assert from "node:assert/strict";
import { recreated, released, takenOver } from "../../../controllers/shard_lease/lease_changes.ts";
import type { Lease } from "../../../lib/k8s/types.ts";
import { leaseOf } from "../../lib/sharding/leases.ts";

const now = Date.parse("2026-01-01T00:00:30Z");
const time = "2026-01-01T00:00:30.000000Z";

function stored(lease: Lease): Lease {
  return { ...lease, metadata: { ...lease.metadata, uid: "uid", resourceVersion: "5", annotations: { a: "b" } } };
}

Deno.test("a taken over Lease keeps others away for twice as long, and everything else as it is", () => {
  const lease = stored(leaseOf("shard-a", { duration: 15 }));
  assert.deepEqual(takenOver(lease, now), {
    ...lease,
    spec: {
      holderIdentity: "shardlease-controller",
      leaseDurationSeconds: 30,
      acquireTime: time,
      renewTime: time,
      leaseTransitions: 1,
    },
  });
});

Deno.test("a short Lease is taken over for at least ten seconds", () => {
  assert.equal(takenOver(leaseOf("shard-a", { duration: 1 }), now).spec?.leaseDurationSeconds, 10);
});

Deno.test("a Lease without usable times can be taken over", () => {
  const odd: Lease = { ...leaseOf("shard-a"), spec: { holderIdentity: "shard-a" } };
  const { leaseDurationSeconds, leaseTransitions } = takenOver(odd, now).spec ?? {};
  assert.equal(leaseDurationSeconds, 30);
  assert.equal(leaseTransitions, 1);
});

Deno.test("the sharder's own hold is renewed without another transition, and never lengthened", () => {
  const held = { ...takenOver(stored(leaseOf("shard-a")), now - 10_000), ...{ apiVersion: "v1", kind: "Lease" } };
  const lease: Lease = { ...stored(leaseOf("shard-a")), ...(held.spec === undefined ? {} : { spec: held.spec }) };
  const renewed = takenOver(lease, now);
  assert.deepEqual(renewed.spec, { ...held.spec, renewTime: time });
  assert.equal(renewed.metadata.resourceVersion, "5");
});

Deno.test("a released Lease belongs to nobody, so that its shard may have it at once", () => {
  const lease = stored(leaseOf("shard-a", { holder: "shardlease-controller", duration: 30 }));
  assert.deepEqual(released(lease, now).spec, {
    holderIdentity: "",
    leaseDurationSeconds: 1,
    acquireTime: time,
    renewTime: time,
    leaseTransitions: 0,
  });
});

Deno.test("a Lease that somebody deleted is created again without what only the server sets", () => {
  const ghost = stored(leaseOf("shard-a"));
  const { metadata, spec } = recreated(ghost, now);
  assert.deepEqual(metadata, {
    name: "shard-a",
    namespace: "default",
    labels: ghost.metadata.labels,
    annotations: { a: "b" },
  });
  assert.equal(spec?.holderIdentity, "shardlease-controller");
});
