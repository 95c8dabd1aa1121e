import assert from "node:assert/strict";
import fc from "fast-check";
import { closestName, editDistance } from "../../../lib/util/closest_name.ts";

Deno.test("editDistance() counts the changes between two words", () => {
  const table = [["", "", 0], ["", "abc", 3], ["kitten", "sitting", 3], ["syncperiod", "syncPeriod", 1]] as const;
  for (const [a, b, distance] of table) assert.equal(editDistance(a, b), distance, `${a} ${b}`);
  fc.assert(fc.property(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), (a, b) => {
    assert.equal(editDistance(a, b), editDistance(b, a));
    assert.equal(editDistance(a, b) === 0, a === b);
    assert.ok(editDistance(a, b) <= Math.max(a.length, b.length));
  }));
});

Deno.test("closestName() is undefined when no name is close", () => {
  assert.equal(closestName("qps", ["burst"]), undefined);
  assert.equal(closestName("x", []), undefined);
  assert.equal(closestName("URL", ["url", "service"]), "url");
});
