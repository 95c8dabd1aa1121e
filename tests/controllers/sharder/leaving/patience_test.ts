import assert from "node:assert/strict";
import { mustGiveUp } from "../../../../controllers/sharder/leaving/patience.ts";
import { LeavingResult } from "../../../../controllers/sharder/leaving/look_result.ts";

const deleted = "2026-01-01T00:00:00Z";
const deletion = Date.parse(deleted);
const minutes = 60_000;

function waiting(): LeavingResult {
  const result = new LeavingResult();
  result.waits({}, "shard-a", "acknowledgement");
  return result;
}

function forbidden(): LeavingResult {
  const result = new LeavingResult();
  result.failed({ role: "main", resource: "secrets", group: "", kind: "Secret", error: "no", isForbidden: true });
  return result;
}

Deno.test("a ring is given up 10 minutes after its deletion, and not before", () => {
  assert.equal(mustGiveUp(waiting(), 9 * minutes, deleted, deletion + 9 * minutes), false);
  assert.equal(mustGiveUp(waiting(), 10 * minutes, deleted, deletion + 10 * minutes), true);
  assert.equal(mustGiveUp(waiting(), 10 * minutes, undefined, deletion), true);
});

Deno.test("a process that comes late gives it half a minute more", () => {
  assert.equal(mustGiveUp(waiting(), 0, deleted, deletion + 60 * minutes), false);
  assert.equal(mustGiveUp(waiting(), 29_999, deleted, deletion + 60 * minutes), false);
  assert.equal(mustGiveUp(waiting(), 30_000, deleted, deletion + 60 * minutes), true);
  assert.equal(mustGiveUp(waiting(), 30_000, deleted, deletion + 5 * minutes), false);
});

Deno.test("a ring is given up at once when the sharder has no right to what is left, and to nothing else", () => {
  assert.equal(mustGiveUp(forbidden(), 0, deleted, deletion), true);
  const both = forbidden();
  both.waits({}, "shard-a", "acknowledgement");
  assert.equal(mustGiveUp(both, 0, deleted, deletion), false);
  const written = forbidden();
  written.wrote("stripped");
  assert.equal(mustGiveUp(written, 0, deleted, deletion), false);
});

Deno.test("a ring is never given up when nothing is left", () => {
  assert.equal(mustGiveUp(new LeavingResult(), 60 * minutes, deleted, deletion + 60 * minutes), false);
});
