import assert from "node:assert/strict";
import { EventRecord } from "./support/record.ts";

const lease = 5_000;

function recordOf(starved = 0): EventRecord {
  return new EventRecord(lease, () => starved);
}

const crash = { kind: "crash", bound: 9_000, isOutage: false, isMassLoss: false };

Deno.test("EventRecord allows more time while something goes on, until everything is settled", () => {
  const record = recordOf();
  const quiet = record.bound(0, 10);
  const event = record.begin({ ...crash, begin: 1_000 });
  assert.equal(record.bound(2_000, 3_000), quiet + crash.bound);
  event.end = 1_500;
  assert.equal(record.during(5_000, 6_000), "crash", "what it has brought about may last");
  record.settle(8_000);
  assert.equal(record.during(8_001, 9_000), "nothing");
  assert.equal(record.bound(8_001, 9_000), quiet);
});

Deno.test("EventRecord allows for two events what both need, and the wait after a mass loss", () => {
  const record = recordOf();
  const quiet = record.bound(0, 10);
  for (const kind of ["stall", "crash"]) record.begin({ ...crash, kind, begin: 100 });
  assert.equal(record.bound(200, 300), quiet + 2 * crash.bound + 2 * lease);
  assert.equal(record.during(200, 300), "crash + stall");
});

Deno.test("EventRecord adds the time in which nothing can be written", () => {
  const record = recordOf();
  const quiet = record.bound(0, 10);
  const outage = record.begin({ kind: "outage", bound: 4_000, isOutage: true, isMassLoss: true, begin: 1_000 });
  outage.end = 8_000;
  assert.equal(record.bound(2_000, 9_000), quiet + 4_000 + 7_000 + 2 * lease);
  assert.ok(record.isOutage(7_000, 7_500));
  assert.ok(!record.isOutage(20_000, 21_000));
});

Deno.test("EventRecord allows more time on a machine that keeps processes waiting", () => {
  assert.equal(recordOf(300).bound(0, 10), recordOf().bound(0, 10) + 3_000);
});

Deno.test("EventRecord keeps the worst of each kind", () => {
  const record = recordOf();
  for (const took of [20, 50, 30]) record.note("crash", "lonely", took);
  record.countKind("crash");
  assert.deepEqual(record.figures.get("crash"), { count: 1, lonely: 50, apart: 0, settled: 0, create: 0 });
});
