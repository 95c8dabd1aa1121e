import assert from "node:assert/strict";
import { expectedMovers, lookAtMovers, lookAtPlacement } from "../../../../commands/demo/story/world.ts";
import { moveBetween, type ObjectMove, type ShardedObject } from "../../../../lib/rings/report/mod.ts";
import { HashRing } from "../../../../lib/sharding/hash_ring.ts";
import { secret } from "../../../lib/rings/report/objects.ts";

const names = Array.from({ length: 30 }, (_, i) => `s${i}`);

function placed(shards: readonly string[]): readonly ShardedObject[] {
  const ring = new HashRing(shards);
  return names.map((name) => secret(name, ring.ownerOf(`/Secret/default/${name}`) ?? ""));
}

function moves(name: string, ...states: readonly ShardedObject[]): readonly ObjectMove[] {
  return states.slice(1).map((after, i) => moveBetween(states[i], after, 0) ?? assert.fail(`${name} changes`));
}

const drained = moves("x", secret("x", "a"), secret("x", "a", true), secret("x", "b"));
const moved = moves("x", secret("x", "a"), secret("x", "b"));

Deno.test("lookAtPlacement() is content when each object is with its shard by the hash ring", () => {
  assert.equal(lookAtPlacement(placed(["a", "b", "c"]), ["a", "b", "c"]).met, true);
});

const misplaced: readonly [string, ShardedObject, RegExp][] = [
  ["is with another shard", secret("s0", "nobody"), /secrets\/s0 is with nobody/],
  ["has no shard", secret("s0"), /secrets\/s0 has no shard/],
  ["is draining", secret("s0", new HashRing(["a", "b"]).ownerOf("/Secret/default/s0") ?? "", true), /is draining/],
];

for (const [what, object, seen] of misplaced) {
  Deno.test(`lookAtPlacement() sees an object that ${what}`, () => {
    const look = lookAtPlacement([object, ...placed(["a", "b"]).slice(1)], ["a", "b"]);
    assert.equal(look.met, false);
    assert.match(look.seen, seen);
  });
}

Deno.test("expectedMovers() of a new shard are the objects that it gets, and no others", () => {
  const before = placed(["a", "b"]);
  const after = new Map(placed(["a", "b", "c"]).map(({ name, shard }) => [name, shard]));
  const movers = expectedMovers(before, ["a", "b"], ["a", "b", "c"]);
  assert.ok(movers.size > 0);
  for (const { name, shard } of before) assert.equal(movers.has(name), after.get(name) !== shard);
  for (const name of movers) assert.equal(after.get(name), "c");
});

const looks: readonly {
  readonly what: string;
  readonly moves: readonly ObjectMove[];
  readonly expected: readonly string[];
  readonly how: "drained" | "without drain";
  readonly seen: RegExp;
  readonly met: boolean;
}[] = [
  { what: "drained moves", moves: drained, expected: ["x"], how: "drained", met: true, seen: /exactly the 1 Secret / },
  { what: "moves without drain", moves: moved, expected: ["x"], how: "without drain", met: true, seen: /exactly/ },
  { what: "no moves at all", moves: [], expected: [], how: "drained", met: true, seen: /0 Secrets/ },
  {
    what: "a move that should be drained",
    moves: moved,
    expected: ["x"],
    how: "drained",
    met: false,
    seen: /without a/,
  },
  { what: "a needless drain", moves: drained, expected: ["x"], how: "without drain", met: false, seen: /drain label/ },
  { what: "a needless move", moves: drained, expected: [], how: "drained", met: false, seen: /x moved, but need not/ },
  { what: "a missing move", moves: [], expected: ["x"], how: "drained", met: false, seen: /x did not move/ },
];

for (const { what, moves, expected, how, met, seen } of looks) {
  Deno.test(`lookAtMovers() ${met ? "is content with" : "sees"} ${what}`, () => {
    const look = lookAtMovers(moves, new Set(expected), how);
    assert.equal(look.met, met);
    assert.match(look.seen, seen);
  });
}
