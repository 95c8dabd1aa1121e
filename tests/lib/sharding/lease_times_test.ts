import assert from "node:assert/strict";
import fc from "fast-check";
import { formatMicroTime, leaseTimes, parseTime } from "../../../lib/sharding/lease_times.ts";
import { leaseOf } from "./leases.ts";

Deno.test("formatMicroTime() writes six decimal places in UTC, rounded up", () => {
  assert.equal(formatMicroTime(0), "1970-01-01T00:00:00.000000Z");
  assert.equal(formatMicroTime(Date.parse("2026-01-01T00:00:00.123Z")), "2026-01-01T00:00:00.123000Z");
  assert.equal(formatMicroTime(1.0001), "1970-01-01T00:00:00.001001Z");
});

Deno.test("parseTime() is the inverse of formatMicroTime()", () => {
  fc.assert(fc.property(fc.integer({ min: -62_000_000_000_000_000, max: 4_000_000_000_000_000 }), (micros) => {
    assert.equal(parseTime(formatMicroTime(micros / 1_000)), micros / 1_000);
  }));
});

Deno.test("parseTime() reads any RFC 3339 time, and is undefined for anything else", () => {
  assert.equal(parseTime("1970-01-01T00:00:01Z"), 1_000);
  assert.equal(parseTime("1970-01-01T01:00:01.5+01:00"), 1_500);
  for (const other of [undefined, null, 0, "", "1", "yesterday", "1970-01-01", "1970-01-01T00:00:01"]) {
    assert.equal(parseTime(other), undefined, String(other));
  }
});

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
