import assert from "node:assert/strict";
import { parseTimes } from "./machine_noise.ts";

Deno.test("parseTimes() counts waiting for disks as idle, and what a guest used only once", () => {
  const text = "cpu  100 10 50 800 40 3 7 5 60 0\ncpu0 1 2 3 4 5 6 7 8 9 0\n";
  assert.deepEqual(parseTimes(text), { busy: 175, total: 1_015 });
});
