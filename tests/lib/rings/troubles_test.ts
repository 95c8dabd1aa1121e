import assert from "node:assert/strict";
import { RingTroubles, type Trouble } from "../../../lib/rings/troubles.ts";

const missing: Trouble = { type: "ResourcesMissing", reason: "NotServed", message: "no websites" };
const stuck: Trouble = { type: "DrainsStuck", reason: "NotAcknowledged", message: "shard a" };

Deno.test("RingTroubles: each source replaces what it said itself, and only that", () => {
  const troubles = new RingTroubles();
  troubles.set("ring", "passes", [missing]);
  troubles.set("ring", "drains", [stuck]);
  assert.deepEqual(troubles.of("ring"), [stuck, missing]);
  troubles.set("ring", "passes", []);
  assert.deepEqual(troubles.of("ring"), [stuck]);
  assert.deepEqual(troubles.of("another"), []);
});

Deno.test("RingTroubles.changes() tells of rings in trouble and of each change, but of no repetition", async () => {
  const troubles = new RingTroubles();
  const controller = new AbortController();
  troubles.set("first", "passes", [missing]);
  const changes = troubles.changes(controller.signal);
  assert.equal((await changes.next()).value, "first");
  troubles.set("first", "passes", [{ ...missing }]);
  troubles.set("second", "passes", [missing]);
  assert.equal((await changes.next()).value, "second");
  troubles.set("first", "passes", []);
  assert.equal((await changes.next()).value, "first");
  const last = changes.next();
  controller.abort();
  assert.deepEqual(await last, { value: undefined, done: true });
});

Deno.test("RingTroubles.forget() leaves nothing of a ring", () => {
  const troubles = new RingTroubles();
  troubles.set("ring", "passes", [missing]);
  troubles.forget("ring");
  assert.deepEqual(troubles.of("ring"), []);
});
