import assert from "node:assert/strict";
import fc from "fast-check";
import { seededRandom } from "../../lib/util/random.ts";
import { handleReview, type Verdict } from "../../webhook/handler.ts";
import { pickReview, readReview } from "../../webhook/read_review.ts";
import { runs } from "../support/runs.ts";
import { answerable, bodies, replaced, sentBodies } from "./hostile_reviews.ts";
import { exampleRing, review, secret } from "./rings.ts";

function verdictOf(value: unknown): Verdict {
  return handleReview(value, "example", () => exampleRing(), seededRandom(1));
}

Deno.test("pickReview() gives what decides the answer, whatever the review is", () => {
  const indents = fc.constantFrom(undefined, 2, "\t");
  fc.assert(
    fc.property(fc.oneof(answerable, bodies, replaced), indents, (sent, indent) => {
      const text = JSON.stringify(sent, undefined, indent) ?? "null";
      assert.deepEqual(verdictOf(pickReview(text)), verdictOf(JSON.parse(text)));
    }),
    { numRuns: runs(300) },
  );
});

Deno.test("pickReview() gives the same as JSON.parse() also of odd JSON, and fails as it does where it can see it", () => {
  fc.assert(
    fc.property(sentBodies, ({ bytes }) => {
      const text = new TextDecoder().decode(bytes);
      let parsed: unknown;
      try {
        parsed = JSON.parse(text);
      } catch {
        // What it passes over may be no JSON.
        try {
          verdictOf(pickReview(text));
        } catch (error) {
          assert.ok(error instanceof SyntaxError);
        }
        return;
      }
      assert.deepEqual(verdictOf(pickReview(text)), verdictOf(parsed));
    }),
    { numRuns: runs(300) },
  );
});

Deno.test("pickReview() takes each name as JSON means it, and the last of several members", () => {
  const text = '{"kind":1,"\\u006bind":"a\\"b\\\\","request":{"object":{"a":"]}\\\\","metadata":{"labels":null}}}} ';
  assert.deepEqual(pickReview(text), { kind: 'a"b\\', request: { object: { metadata: { labels: null } } } });
});

for (
  const text of [
    "",
    "{",
    '{"kind"}',
    '{"kind":}',
    '{"kind":1 2}',
    "{}}",
    '{"a":1]',
    '{"a":"',
    '{"kind":tru}',
    "[1}x",
    "]",
  ]
) {
  Deno.test(`pickReview() calls ${text} no JSON`, () => {
    assert.throws(() => pickReview(text), SyntaxError);
  });
}

/** A review of this object that is large by the rest of it. */
function large(filling: string, metadata: object = { name: "foo", namespace: "default" }): string {
  return JSON.stringify(review({ object: secret(metadata) })).replace('"data":{', `"data":{"large":${filling},`);
}

const fillings: readonly (readonly [string, string])[] = [
  ["empty objects", `[${"{},".repeat(2_300_000)}{}]`],
  ["nested lists", `${"[".repeat(3_500_000)}${"]".repeat(3_500_000)}`],
  ["escapes", `"${'\\"'.repeat(1_700_000)}${"\\\\".repeat(1_700_000)}"`],
];

for (const [what, filling] of fillings) {
  Deno.test(`readReview() reads a review with 7 MiB of ${what}`, () => {
    const verdict = verdictOf(readReview(large(filling))?.value);
    assert.equal(verdict.type === "answer" && verdict.outcome, "assigned");
  });
}

Deno.test("readReview() leaves an object alone whose labels or owners are too large to be read", () => {
  const labels = Object.fromEntries(Array.from({ length: 60_000 }, (_, index) => [`${"k".repeat(40)}${index}`, "v"]));
  const ownerReferences = Array.from({ length: 60_000 }, () => ({ apiVersion: "v1", kind: "Secret", name: "foo" }));
  for (const parts of [{ labels }, { ownerReferences }]) {
    const verdict = verdictOf(readReview(large("1", { name: "foo", namespace: "default", ...parts }))?.value);
    assert.equal(verdict.type === "answer" && verdict.outcome, "ignored");
  }
});
