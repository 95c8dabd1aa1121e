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

Deno.test("parseTime() reads a time with the value that Temporal gives it, in whatever form it is written", () => {
  const { Instant } = globalThis.Temporal;
  const micros = fc.bigInt({ min: -62_000_000_000_000_000n, max: 253_000_000_000_000_000n });
  fc.assert(fc.property(micros, fc.constantFrom(0, 1, 3, 6, 9), (time, digits) => {
    const instant = new Instant(time * 1_000n);
    const text = instant.toString({ fractionalSecondDigits: digits, roundingMode: "trunc" });
    assert.equal(parseTime(text), Number(Instant.from(text).epochNanoseconds / 1_000n) / 1_000, text);
    assert.equal(parseTime(text.replace("Z", "+00:00")), parseTime(text), text);
  }));
});

Deno.test("parseTime() takes no day for another one", () => {
  for (
    const other of ["2026-02-30T00:00:00Z", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T25:00:00Z"]
  ) {
    assert.equal(parseTime(other), undefined, other);
  }
  assert.equal(parseTime("2024-02-29T00:00:00.5Z"), Date.UTC(2024, 1, 29) + 500);
  // Temporal reads a leap second as the one before it, and midnight has no other name.
  assert.equal(parseTime("2016-12-31T23:59:60Z"), Date.UTC(2016, 11, 31, 23, 59, 59));
  assert.equal(parseTime("2026-01-01T24:00:00Z"), undefined);
});

Deno.test("formatMicroTime() writes what Temporal writes", () => {
  const { Instant } = globalThis.Temporal;
  fc.assert(fc.property(fc.integer({ min: -9_000_000_000_000, max: 9_000_000_000_000 }), (ms) => {
    const expected = new Instant(BigInt(ms) * 1_000_000n).toString({ fractionalSecondDigits: 6 });
    assert.equal(formatMicroTime(ms), expected);
  }));
});
