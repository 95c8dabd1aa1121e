import assert from "node:assert/strict";
import fc from "fast-check";
import { seededRandom } from "../../lib/util/random.ts";
import { finalName } from "../../webhook/final_name.ts";

Deno.test("finalName() adds 10 characters to a prefix of up to 42", () => {
  fc.assert(fc.property(fc.stringMatching(/^[a-z0-9-]{1,42}$/), fc.integer(), (generateName, seed) => {
    const name = finalName({ generateName }, seededRandom(seed));
    assert(name !== undefined && name.startsWith(generateName));
    assert.match(name.slice(generateName.length), /^[bcdfghjklmnpqrstvwxz2456789]{10}$/);
  }));
});

Deno.test("finalName() leaves names and odd prefixes alone", () => {
  const random = seededRandom(1);
  const odd = ["", "x".repeat(43), "a/b", "a%b", "a b", "\u00e4", "a\n", "\ud800"];
  for (const generateName of odd) assert.equal(finalName({ generateName }, random), undefined, generateName);
  assert.equal(finalName({ name: "foo", generateName: "f-" }, random), undefined);
  assert.equal(finalName({}, random), undefined);
});
