import assert from "node:assert/strict";
import fc from "fast-check";
import { formatMicroTime, parseTime } from "../../../lib/util/micro_time.ts";

Deno.test("formatMicroTime() always gives six digits of a second, in UTC", () => {
  const start = Date.UTC(2026, 0, 2, 3, 4, 5);
  for (
    const [ms, expected] of [
      [0, "2026-01-02T03:04:05.000000Z"],
      [7, "2026-01-02T03:04:05.007000Z"],
      [999, "2026-01-02T03:04:05.999000Z"],
      [0.5, "2026-01-02T03:04:05.000500Z"],
      [999.75, "2026-01-02T03:04:05.999750Z"],
    ] as const
  ) assert.equal(formatMicroTime(start + ms), expected);
});

Deno.test("formatMicroTime() writes six decimal places in UTC, rounded up", () => {
  assert.equal(formatMicroTime(0), "1970-01-01T00:00:00.000000Z");
  assert.equal(formatMicroTime(Date.parse("2026-01-01T00:00:00.123Z")), "2026-01-01T00:00:00.123000Z");
  // In binary, a thousand times this is a bit more than 279461236260103.
  assert.equal(formatMicroTime(279_461_236_260.103), "1978-11-09T12:07:16.260103Z");
  assert.equal(formatMicroTime(1.0001), "1970-01-01T00:00:00.001001Z");
});

Deno.test("parseTime() is the inverse of formatMicroTime(), as far as numbers tell microseconds apart", () => {
  fc.assert(fc.property(fc.integer({ min: -4_000_000_000_000_000, max: 4_000_000_000_000_000 }), (micros) => {
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
