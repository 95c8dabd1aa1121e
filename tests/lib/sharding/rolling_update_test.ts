import assert from "node:assert/strict";
import { HashRing } from "../../../lib/sharding/hash_ring.ts";
import { randomSuffix, seededRandom } from "../../../lib/util/random.ts";

/** What is done with objects during a rolling update that starts a new shard before it stops an old one. */
type Policy =
  /** All come to their places before the next step. */
  | "settle between steps"
  /** Live shards keep theirs until the update is over; what a shard leaves goes where it belongs for now. */
  | "keep until it is over"
  /** The same, but what a shard leaves goes to new shards only. */
  | "leave it to new shards"
  /** Old shards keep theirs until all new ones are there. */
  | "hand over at the end";

const objects = Array.from({ length: 500 }, (_, index) => `/Secret/default/secret-${index}`);
const random = seededRandom(1);

/** Moves per object when so many shards are replaced one by one. Names are like those of pods of a Deployment. */
function movesIn(shards: number, policy: Policy): number {
  const [before, after] = [randomSuffix(random, 9), randomSuffix(random, 9)];
  const named = (set: string): string[] => Array.from({ length: shards }, () => `op-${set}-${randomSuffix(random, 5)}`);
  const [old, young] = [named(before), named(after)];
  const first = new HashRing(old);
  const owners = new Map(objects.map((object) => [object, first.ownerOf(object)]));
  let moves = 0;
  const bring = (to: readonly string[], from?: string): void => {
    const ring = new HashRing(to);
    for (const object of objects) {
      const [current, next] = [owners.get(object), ring.ownerOf(object)];
      if (current === next || (from !== undefined && current !== from)) continue;
      owners.set(object, next);
      moves++;
    }
  };
  for (let step = 0; step < shards && policy !== "hand over at the end"; step++) {
    const joined = young.slice(0, step + 1);
    const live = [...old.slice(step + 1), ...joined];
    bring(policy === "leave it to new shards" ? joined : live, old[step]);
    if (policy === "settle between steps") bring(live);
  }
  bring(young);
  return moves / objects.length;
}

Deno.test.each<[Policy, number, number, number]>([
  ["settle between steps", 1.5, 1.67, 1.82],
  ["keep until it is over", 1.43, 1.56, 1.66],
  ["leave it to new shards", 1.33, 1.4, 1.45],
  ["hand over at the end", 1, 1, 1],
])("moves per object in a rolling update of 3, 5 and 10 shards, when shards %s", (policy, ...wanted) => {
  [3, 5, 10].forEach((shards, index) => {
    const runs = Array.from({ length: 30 }, () => movesIn(shards, policy));
    const mean = runs.reduce((sum, moves) => sum + moves, 0) / runs.length;
    assert.ok(Math.abs(mean - (wanted[index] ?? NaN)) < 0.03, `${shards} shards: ${mean}`);
  });
});
