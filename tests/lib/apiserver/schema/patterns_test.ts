import assert from "node:assert/strict";
import { compilePattern } from "../../../../lib/apiserver/schema/patterns.ts";

const cases: readonly (readonly [string, string, boolean])[] = [
  ["^[a-z]+$", "abc", true],
  ["(?i)^abc$", "ABC", true],
  ["^a\\-b$", "a-b", true],
  ["^abc\\z", "abcd", false],
  ["^.$", "\u{1F600}", true],
];

for (const [pattern, text, matches] of cases) {
  Deno.test(`compilePattern() of ${pattern} ${matches ? "matches" : "does not match"} ${JSON.stringify(text)}`, () => {
    assert.equal(compilePattern(pattern).test(text), matches);
  });
}

Deno.test("compilePattern() throws for what JavaScript cannot read", () => {
  assert.throws(() => compilePattern("(?P<n>a)"), SyntaxError);
});
