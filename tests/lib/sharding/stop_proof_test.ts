import assert from "node:assert/strict";
import fc from "fast-check";
import type { Lease } from "../../../lib/k8s/types.ts";
import { formatMicroTime } from "../../../lib/util/micro_time.ts";
import { stopByAnnotation } from "../../../lib/sharding/names.ts";
import { formatStopProof, parseStopProof, provesStop } from "../../../lib/sharding/stop_proof.ts";
import { leaseOf } from "./leases.ts";

function annotated(lease: Lease, value: string): Lease {
  return { ...lease, metadata: { ...lease.metadata, annotations: { [stopByAnnotation]: value } } };
}

Deno.test("formatStopProof() writes the interval from the renewal to the stop", () => {
  const renewTime = "2026-01-01T00:00:00.123456Z";
  const stopBy = Date.parse("2026-01-01T00:00:12Z");
  assert.equal(formatStopProof({ renewTime, stopBy }), `${renewTime}/2026-01-01T00:00:12.000000Z`);
});

Deno.test("parseStopProof() is the inverse of formatStopProof()", () => {
  const micros = fc.integer({ min: 0, max: 4_000_000_000_000_000 }).map((micros) => micros / 1_000);
  fc.assert(fc.property(micros.map(formatMicroTime), micros, (renewTime, stopBy) => {
    assert.deepEqual(parseStopProof(formatStopProof({ renewTime, stopBy })), { renewTime, stopBy });
  }));
});

Deno.test("parseStopProof() is undefined for anything else", () => {
  const time = "2026-01-01T00:00:00Z";
  for (const value of ["", "/", time, `${time}/`, `/${time}`, `${time}/soon`, `${time}/${time}/${time}`]) {
    assert.equal(parseStopProof(value), undefined, value);
  }
});

Deno.test("provesStop() holds when the shard stops within the Lease's duration", () => {
  assert.equal(provesStop(leaseOf("a", { stopsAfter: 12_000 })), true);
  assert.equal(provesStop(leaseOf("a", { stopsAfter: 15_000 })), true);
  assert.equal(provesStop(leaseOf("a", { stopsAfter: 15_001 })), false);
  assert.equal(provesStop(leaseOf("a", { stopsAfter: -1 })), false);
  assert.equal(provesStop(leaseOf("a")), false);
});

Deno.test("provesStop() does not hold for a proof that belongs to another renewal", () => {
  const lease = leaseOf("a", { renewTime: 20_000, stopsAfter: 12_000 });
  assert.equal(provesStop(lease), true);
  const foreign = { ...lease, spec: { ...lease.spec, renewTime: "1970-01-01T00:00:22.000000Z" } };
  assert.equal(provesStop(foreign), false);
});

Deno.test("provesStop() compares times, not their spelling", () => {
  const lease = leaseOf("a", { renewTime: 20_000 });
  assert.equal(provesStop(annotated(lease, "1970-01-01T01:00:20+01:00/1970-01-01T00:00:32Z")), true);
});

Deno.test("provesStop() does not hold without usable times", () => {
  const lease = leaseOf("a", { stopsAfter: 12_000 });
  assert.equal(provesStop({ ...lease, spec: {} }), false);
  assert.equal(provesStop(annotated(lease, "nonsense")), false);
});
