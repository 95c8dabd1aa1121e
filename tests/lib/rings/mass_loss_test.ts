import assert from "node:assert/strict";
import fc from "fast-check";
import { type Loss, lossOf, massLoss, type Presence } from "../../../lib/rings/mass_loss.ts";

interface Named extends Presence {
  readonly name: string;
}

/** A shard that is there since `since`; with `seen` it has been silent since then. Seconds; its Lease lasts 15 s. */
function shard(name: string, since: number, seen?: number): Named {
  const loss: Loss | undefined = seen === undefined
    ? undefined
    : { seen: seen * 1_000, at: (seen + 15) * 1_000, leaseDuration: 15_000 };
  return { name, since: since * 1_000, loss };
}

function namesOf(shards: readonly Named[]): string[] {
  return [...massLoss(shards)].map(({ name }) => name).sort();
}

const table: readonly (readonly [string, readonly Named[], readonly string[]])[] = [
  ["one of three", [shard("a", 0), shard("b", 0), shard("c", 0, 100)], []],
  ["two of three", [shard("a", 0), shard("b", 0, 101), shard("c", 0, 100)], ["b", "c"]],
  ["half of four", [shard("a", 0), shard("b", 0), shard("c", 0, 100), shard("d", 0, 100)], []],
  ["both of two", [shard("a", 0, 100), shard("b", 0, 100)], []],
  ["all of three", [shard("a", 0, 100), shard("b", 0, 100), shard("c", 0, 100)], ["a", "b", "c"]],
  ["two of three, exactly one duration apart", [shard("a", 0), shard("b", 0, 100), shard("c", 0, 115)], ["b", "c"]],
  ["two of three, too far apart", [shard("a", 0), shard("b", 0, 100), shard("c", 0, 116)], []],
  [
    "one long ago, and two of the three that were left",
    [shard("a", 0), shard("b", 0, 50), shard("c", 0, 100), shard("d", 0, 101)],
    ["c", "d"],
  ],
  ["two of three, one new", [shard("a", 0), shard("b", 0, 100), shard("c", 0, 100), shard("d", 101)], ["b", "c"]],
  [
    "two of three, two new",
    [shard("a", 0), shard("b", 0, 100), shard("c", 0, 100), shard("d", 101), shard("e", 102)],
    [],
  ],
  ["none", [shard("a", 0), shard("b", 0), shard("c", 0)], []],
  ["no shards", [], []],
];

for (const [what, shards, lost] of table) {
  Deno.test(`massLoss() of ${what} silent: ${lost.join(" and ") || "none"}`, () => {
    assert.deepEqual(namesOf(shards), lost);
  });
}

Deno.test("lossOf() counts a shard that is silent for most of its Lease's duration", () => {
  assert.equal(lossOf(1_000, 15_000, 13_749), undefined);
  assert.deepEqual(lossOf(1_000, 15_000, 13_750), { seen: 1_000, at: 16_000, leaseDuration: 15_000 });
});

const anyShards = fc.array(
  fc.record({ since: fc.integer({ min: 0, max: 200 }), seen: fc.option(fc.integer({ min: 0, max: 200 })) }),
  { maxLength: 12 },
).map((all) => all.map(({ since, seen }, index) => shard(`s${index}`, since, seen ?? undefined)));

Deno.test("massLoss() names silent shards only, and more than half of those that were there", () => {
  fc.assert(fc.property(anyShards, (shards) => {
    const lost = massLoss(shards);
    const silent = shards.filter(({ loss }) => loss !== undefined);
    assert.ok([...lost].every((one) => silent.includes(one)));
    const begin = Math.min(...[...lost].map(({ loss }) => loss?.seen ?? Infinity));
    const survivors = shards.filter(({ loss, since }) => loss === undefined && since <= begin);
    if (lost.size > 0) assert.ok(lost.size > survivors.length && lost.size + survivors.length >= 3);
  }));
});
