import assert from "node:assert/strict";
import { parseLog } from "./h2load.ts";

Deno.test("parseLog() reads start, status and duration of each request, in microseconds", () => {
  assert.deepEqual(parseLog("1795292957146208\t200\t1486\n1795292957146193\t503\t1585\n"), [
    { status: 200, duration: 1_486, end: 1_795_292_957_147_694 },
    { status: 503, duration: 1_585, end: 1_795_292_957_147_778 },
  ]);
  assert.deepEqual(parseLog(""), []);
});
