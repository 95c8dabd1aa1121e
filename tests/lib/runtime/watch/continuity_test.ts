import assert from "node:assert/strict";
import { Continuity } from "../../../../lib/runtime/watch/continuity.ts";

Deno.test("Continuity.since() is undefined before the first connection", () => {
  assert.equal(new Continuity(100).since(50), undefined);
});

Deno.test("Continuity.since() overlooks gaps up to the tolerance, and begins again after longer ones", () => {
  for (const [gap, expected] of [[0, 10], [100, 10], [101, 1_101]] as const) {
    const continuity = new Continuity(100);
    continuity.connected(10);
    continuity.interrupted(1_000);
    assert.equal(continuity.since(1_000 + gap), gap <= 100 ? 10 : undefined);
    continuity.connected(1_000 + gap);
    assert.equal(continuity.since(5_000), expected);
  }
});

Deno.test("Continuity.since() counts a gap from its beginning when attempts fail within it", () => {
  const continuity = new Continuity(100);
  continuity.connected(0);
  continuity.interrupted(1_000);
  continuity.interrupted(1_080);
  assert.equal(continuity.since(1_101), undefined);
  continuity.connected(1_120);
  assert.equal(continuity.since(1_130), 1_120);
});
