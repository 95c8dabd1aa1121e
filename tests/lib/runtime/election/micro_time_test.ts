import assert from "node:assert/strict";
import { formatMicroTime } from "../../../../lib/runtime/election/mod.ts";

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
