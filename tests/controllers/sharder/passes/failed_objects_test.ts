import assert from "node:assert/strict";
import { FailedObjects } from "../../../../controllers/sharder/passes/failed_objects.ts";
import type { ObjectReference } from "../../../../controllers/sharder/passes/pass_scope.ts";
import { VirtualClock } from "../../../../lib/util/clock/mod.ts";
import { seededRandom } from "../../../../lib/util/random.ts";

function secret(name: string): ObjectReference {
  return { role: "main", resource: { group: "", resource: "secrets" }, namespace: "default", name };
}

Deno.test("an object that fails is tried again after growing pauses, up to half a minute and a bit", async () => {
  const clock = new VirtualClock();
  const failed = new FailedObjects(clock, seededRandom(1));
  assert.equal(failed.pause, Infinity);
  const pauses: number[] = [];
  for (let i = 0; i < 8; i++) {
    assert.ok(failed.note([secret("foo")]));
    failed.tried();
    pauses.push(failed.pause);
    assert.deepEqual(failed.takeDue(), []);
    await clock.advance(failed.pause);
    assert.deepEqual(failed.takeDue(), [secret("foo")]);
    assert.ok(failed.has(secret("foo")), "it is being tried");
  }
  failed.tried();
  assert.equal(failed.has(secret("foo")), false);
  for (const [index, pause] of pauses.entries()) {
    const least = Math.min(1_000 * 2 ** index, 30_000);
    assert.ok(pause >= least && pause <= 1.5 * least, `pause ${index} is ${pause} ms`);
  }
});

Deno.test("an object that fails in other passes meanwhile is tried once, and less often", async () => {
  const clock = new VirtualClock();
  const failed = new FailedObjects(clock, seededRandom(1));
  for (let i = 0; i < 3; i++) failed.note([secret("foo")]);
  assert.equal(failed.size, 1);
  assert.ok(failed.pause >= 4_000);
  await clock.advance(failed.pause);
  assert.equal(failed.takeDue().length, 1);
  assert.equal(failed.size, 0);
});

Deno.test("each object has its own time, and they are as many as can be remembered", async () => {
  const clock = new VirtualClock();
  const failed = new FailedObjects(clock, seededRandom(1));
  const many = Array.from({ length: 1_000 }, (_, index) => secret(`foo-${index}`));
  assert.ok(failed.note(many.slice(0, 500)));
  await clock.advance(1_500);
  assert.ok(failed.note(many.slice(500)));
  assert.deepEqual(failed.takeDue(), many.slice(0, 500));
  assert.ok(failed.note(many.slice(0, 500)), "there is room again");
  assert.equal(failed.note([secret("one-too-many")]), false);
  assert.ok(failed.note([secret("foo-700")]), "one that is known needs none");
  assert.equal(failed.size, 1_000);
});
