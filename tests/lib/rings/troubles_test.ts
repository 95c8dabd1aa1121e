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

Deno.test("RingTroubles.isDecided() is false before a ring was looked at, and while a source is undecided", () => {
  const troubles = new RingTroubles();
  assert.equal(troubles.isDecided("ring", "DrainsStuck"), false);
  troubles.conclude("ring");
  assert.equal(troubles.isDecided("ring", "DrainsStuck"), true);
  troubles.set("ring", "drains", [], ["DrainsStuck"]);
  assert.equal(troubles.isDecided("ring", "DrainsStuck"), false);
  assert.equal(troubles.isDecided("ring", "ResourcesMissing"), true);
  troubles.forget("ring");
  assert.equal(troubles.isDecided("ring", "ResourcesMissing"), false);
});

Deno.test("RingTroubles.changes() tells that a ring was looked at, and of a doubt that is gone, once each", async () => {
  const troubles = new RingTroubles();
  const controller = new AbortController();
  const changes = troubles.changes(controller.signal);
  const first = changes.next();
  troubles.set("ring", "drains", [], ["DrainsStuck"]);
  assert.equal((await first).value, "ring");
  troubles.set("ring", "drains", [], ["DrainsStuck"]);
  troubles.conclude("ring");
  troubles.conclude("ring");
  assert.equal((await changes.next()).value, "ring");
  troubles.set("ring", "drains", []);
  assert.equal((await changes.next()).value, "ring");
  const last = changes.next();
  controller.abort();
  assert.deepEqual(await last, { value: undefined, done: true });
});
