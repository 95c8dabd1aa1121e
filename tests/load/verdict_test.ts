import assert from "node:assert/strict";
import type { Figure } from "./line.ts";
import { againstReference, againstTarget } from "./verdict.ts";

const less: Figure = { id: "x", what: "x", unit: "ms", better: "less", reference: { median: 100 } };
const more: Figure = { ...less, better: "more" };

Deno.test("againstReference() calls what differs by at most a tenth level", () => {
  for (const median of [90, 100, 110]) assert.equal(againstReference(less, median), "level");
});

Deno.test("againstReference() knows which direction is better", () => {
  assert.equal(againstReference(less, 89), "ahead");
  assert.equal(againstReference(less, 111), "behind");
  assert.equal(againstReference(more, 89), "behind");
  assert.equal(againstReference(more, 111), "ahead");
});

Deno.test("againstReference() says nothing where there is nothing to compare", () => {
  assert.equal(againstReference({ id: "x", what: "x", unit: "", better: "less" }, 1), undefined);
  assert.equal(againstReference({ id: "x", what: "x", unit: "", reference: { median: 1 } }, 1), undefined);
  assert.equal(againstReference(less, NaN), undefined);
});

Deno.test("againstTarget() includes the target itself", () => {
  assert.equal(againstTarget({ most: 65 }, 65), "met");
  assert.equal(againstTarget({ most: 65 }, 65.1), "missed");
  assert.equal(againstTarget({ least: 1_250 }, 1_250), "met");
  assert.equal(againstTarget({ least: 1_250 }, 1_249), "missed");
  assert.equal(againstTarget(undefined, 1), undefined);
  assert.equal(againstTarget({ most: 1 }, NaN), undefined);
});
