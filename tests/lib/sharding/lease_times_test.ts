import assert from "node:assert/strict";
import fc from "fast-check";
import { leaseTimes } from "../../../lib/sharding/lease_times.ts";
import { leaseOf } from "./leases.ts";

Deno.test("leaseTimes() counts in milliseconds", () => {
  const times = { usable: true, renewTime: 2_000, leaseDuration: 15_000 };
  assert.deepEqual(leaseTimes(leaseOf("a", { renewTime: 2_000 })), times);
  const bare = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: { name: "a" } };
  assert.deepEqual(leaseTimes(bare), { usable: false, leaseDuration: 15_000, problem: "spec.renewTime is missing" });
});

Deno.test("leaseTimes() never throws, whatever JSON the spec is", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), fc.jsonValue(), (renewTime, acquireTime, leaseDurationSeconds) => {
      // JSON.parse gives what no type has checked.
      const spec = JSON.parse(JSON.stringify({ renewTime, acquireTime, leaseDurationSeconds }));
      assert.equal(typeof leaseTimes({ ...leaseOf("a"), spec }).usable, "boolean");
    }),
  );
});
