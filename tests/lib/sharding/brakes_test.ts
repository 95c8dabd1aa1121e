import assert from "node:assert/strict";
import { type Brakes, brakesOf, hasSameBrakes } from "../../../lib/sharding/brakes.ts";
import { movesPerSecondAnnotation, pausedAnnotation } from "../../../lib/sharding/names.ts";
import type { ControllerRing } from "../../../lib/sharding/ring_types.ts";

function ringWith(annotations?: Record<string, string>): ControllerRing {
  return {
    apiVersion: "sharding.timebertt.dev/v1alpha1",
    kind: "ControllerRing",
    metadata: { name: "ring", ...(annotations === undefined ? {} : { annotations }) },
  };
}

const pauses: readonly (readonly [string | undefined, boolean])[] = [
  [undefined, false],
  ["true", true],
  ["", true],
  ["until Monday", true],
  ["false", false],
  [" False", false],
];

for (const [value, paused] of pauses) {
  Deno.test(`brakesOf() calls a ring ${paused ? "" : "not "}paused whose annotation is ${JSON.stringify(value)}`, () => {
    assert.deepEqual(brakesOf(ringWith(value === undefined ? undefined : { [pausedAnnotation]: value })), { paused });
  });
}

const limits: readonly (readonly [string, Brakes["movesPerSecond"]])[] = [
  ["5", 5],
  ["0.5", 0.5],
  ["0", undefined],
  ["-1", undefined],
  ["", undefined],
  ["ten", undefined],
  ["Infinity", undefined],
];

for (const [value, wanted] of limits) {
  Deno.test(`brakesOf() reads the limit ${JSON.stringify(value)} as ${wanted ?? "a problem"}`, () => {
    const { movesPerSecond, problem } = brakesOf(ringWith({ [movesPerSecondAnnotation]: value }));
    assert.equal(movesPerSecond, wanted);
    assert.equal(problem === undefined, wanted !== undefined);
  });
}

Deno.test("hasSameBrakes() sees a pause and a limit, and no other annotation", () => {
  const free = ringWith();
  assert.equal(hasSameBrakes(free, ringWith({ note: "hello" })), true);
  assert.equal(hasSameBrakes(free, ringWith({ [pausedAnnotation]: "true" })), false);
  assert.equal(hasSameBrakes(free, ringWith({ [movesPerSecondAnnotation]: "3" })), false);
  assert.equal(hasSameBrakes(ringWith({ [movesPerSecondAnnotation]: "3" }), free), false);
});
