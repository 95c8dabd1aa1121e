import assert from "node:assert/strict";
import { type PassScope, selectorFor } from "../../../../controllers/sharder/passes/pass_scope.ts";
import { parseSelector } from "../../../../lib/k8s/selectors.ts";
import { drainLabel, shardLabel } from "../../../../lib/sharding/names.ts";
import { snapshotOf } from "../snapshots.ts";

const [shard, drain] = [shardLabel("ring"), drainLabel("ring")];
const snapshot = snapshotOf({ "shard-a": "ready", "shard-b": "expired", "shard-x": "dead" });

const cases: readonly (readonly [PassScope, string | undefined, string | undefined])[] = [
  [{ type: "all" }, "", ""],
  [{ type: "ownerless" }, `${shard} notin (shard-a,shard-b)`, `${shard} notin (shard-a,shard-b)`],
  [{ type: "shards", shards: ["a", "b"] }, `${shard} in (a,b),!${drain}`, `${shard} in (a,b)`],
  [{ type: "draining" }, drain, undefined],
  [{ type: "objects", objects: [] }, undefined, undefined],
];

for (const [scope, main, controlled] of cases) {
  Deno.test(`a pass over ${scope.type} selects what it is about`, () => {
    assert.equal(selectorFor(scope, "main", snapshot), main);
    assert.equal(selectorFor(scope, "controlled", snapshot), controlled);
    for (const selector of [main, controlled]) if (selector !== undefined) parseSelector(selector);
  });
}
