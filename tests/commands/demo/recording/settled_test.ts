import assert from "node:assert/strict";
import { hasCaughtUp, isSpread, labelsOf } from "./settled.ts";

const row = (name: string, shard: string, drain = ""): string =>
  `${name}   Opaque   1      4s   ${drain}shard.alpha.sharding.timebertt.dev/ring=${shard}\n`;
const drain = "drain.alpha.sharding.timebertt.dev/ring=true,";
const header = "NAME   TYPE   DATA   AGE   LABELS\n";

Deno.test("isSpread() holds when all shards have objects, and none is on its way", () => {
  const ready = new Set(["a", "b"]);
  assert.equal(isSpread(labelsOf(header + row("x", "a") + row("y", "b")), ready), true);
  assert.equal(isSpread(labelsOf(header + row("x", "a") + row("y", "a")), ready), false, "b has not been given any");
  assert.equal(isSpread(labelsOf(header + row("x", "a") + row("y", "b", drain)), ready), false, "y is draining");
  assert.equal(isSpread(labelsOf(header + row("x", "a") + row("y", "b") + row("z", "c")), ready), false, "c is gone");
});

Deno.test("hasCaughtUp() holds when the last line of each object that a watch mentions is how it is now", () => {
  const now = labelsOf(header + row("x", "a") + row("y", "b"));
  const watched = "EVENT   " + header;
  assert.equal(hasCaughtUp(watched, now), false, "nothing was printed yet");
  assert.equal(hasCaughtUp(`${watched}MODIFIED   ${row("x", "b", drain)}`, now), false);
  assert.equal(hasCaughtUp(`${watched}MODIFIED   ${row("x", "b", drain)}MODIFIED   ${row("x", "a")}`, now), true);
});
