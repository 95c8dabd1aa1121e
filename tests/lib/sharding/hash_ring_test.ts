import assert from "node:assert/strict";
import fc from "fast-check";
import { hashOf, HashRing, tokensOf } from "../../../lib/sharding/hash_ring.ts";

/** From protocol.md section 3: text and xxHash64. */
const hashes: readonly (readonly [text: string, hash: string])[] = [
  ["", "ef46db3751d8e999"],
  ["shard-a0", "83b529463cc2a1f3"],
  ["shard-a99", "f08e2957daf2d6b7"],
  ["shard-b0", "722f60dfddfb139a"],
  ["shard-b99", "ae76b589880195b5"],
  ["shard-c0", "d0ef6bfad8c81600"],
  ["Call me Ishmael. Some years ago--never mind how long precisely-", "02a2e85470d6fd96"],
];

/** From protocol.md section 3: key, its hash, and the last letter of its owner in the rings abc, ab and abcd. */
const owners: readonly (readonly [key: string, hash: string, abc: string, ab: string, abcd: string])[] = [
  ["/Secret/default/foo", "a9653f84ae538aa1", "a", "a", "a"],
  ["/Secret/default/foo1", "5b36359102bc9a28", "b", "b", "b"],
  ["/Secret/default/foo2", "9794cbafc7be0f78", "b", "b", "d"],
  ["/Secret/default/obj-0", "1768c64acc9029d8", "c", "a", "d"],
  ["/Secret/default/obj-1", "e990dbffdcfdc242", "c", "a", "c"],
  ["apps/Deployment/bar/foo", "82cb424099458184", "b", "b", "b"],
  ["apps/Deployment/default/nginx", "111dad86e86a6159", "a", "a", "d"],
  ["operator/Foo/bar/foo", "8c8ad4d86194f2e9", "b", "b", "d"],
  ["webhosting.timebertt.dev/Website/project-foo/kubecon", "8b8686bf1cda0ea6", "b", "b", "b"],
  ["webhosting.timebertt.dev/Website/project-foo/library", "d0f72d09dadd72f0", "a", "a", "a"],
  ["webhosting.timebertt.dev/Theme//exciting", "36c7470331b5850f", "a", "a", "a"],
  ["/Secret/default/wrap-111", "ff122fb19a05c131", "a", "a", "a"],
  ["shard-c99", "99425ca6647851c6", "c", "b", "c"],
];

function ringOf(letters: string): HashRing {
  return new HashRing([...letters].map((letter) => `shard-${letter}`));
}

function hex(hash: bigint): string {
  return hash.toString(16).padStart(16, "0");
}

function letterOf(ring: HashRing, key: string): string {
  return ring.ownerOf(key)?.at(-1) ?? "";
}

/** Shard names of one to three characters over a tiny alphabet with digits: many of them have tokens in common. */
const shardNames = fc.uniqueArray(fc.stringMatching(/^[a-b][12]{0,2}$/), { maxLength: 8 });
const keys = fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 50 });

Deno.test("hashOf() agrees with the vectors of other implementations", () => {
  for (const [text, hash] of hashes) assert.equal(hex(hashOf(text)), hash, text);
  for (const [key, hash] of owners) assert.equal(hex(hashOf(key)), hash, key);
});

Deno.test("HashRing agrees with the owners that other implementations compute", () => {
  const rings = { abc: ringOf("abc"), ab: ringOf("ab"), abcd: ringOf("abcd") };
  for (const [key, , abc, ab, abcd] of owners) {
    const found = [letterOf(rings.abc, key), letterOf(rings.ab, key), letterOf(rings.abcd, key)];
    assert.deepEqual(found, [abc, ab, abcd], key);
  }
});

Deno.test("tokensOf() gives the known lowest and highest token of three shards", () => {
  const tokens = ["a", "b", "c"].flatMap((letter) => tokensOf(`shard-${letter}`).map((token) => ({ token, letter })));
  tokens.sort((one, other) => one.token < other.token ? -1 : 1);
  assert.equal(tokens.length, 300);
  assert.deepEqual(tokens.at(0), { token: 0x018f27248f98ea20n, letter: "a" });
  assert.deepEqual(tokens.at(-1), { token: 0xfe989b16e44f5c79n, letter: "b" });
});

Deno.test("HashRing spreads ten thousand keys as other implementations do", () => {
  const ring = ringOf("abc");
  const letters = Array.from({ length: 10_000 }, (_, index) => letterOf(ring, `/Secret/default/obj-${index}`));
  const counts = Object.groupBy(letters, (letter) => letter);
  assert.deepEqual([counts["a"]?.length, counts["b"]?.length, counts["c"]?.length], [3_761, 3_067, 3_172]);
  const fingerprint = letters.slice(0, 1_000).join("");
  assert.equal(hex(hashOf(fingerprint)), "1d4c04df1ebe1ec0");
});

Deno.test("HashRing without shards has no owner for any key", () => {
  assert.equal(new HashRing([]).ownerOf("/Secret/default/foo"), undefined);
});

Deno.test("HashRing counts a shard that is given twice once", () => {
  assert.deepEqual(new HashRing(["b", "a", "b"]).shards, ["a", "b"]);
});

Deno.test("HashRing gives a token that two shards share to the last of them by name, in whatever order they come", () => {
  assert.equal(tokensOf("op-1")[15], tokensOf("op-11")[5]);
  const forwards = new HashRing(["op-1", "op-11"]);
  const backwards = new HashRing(["op-11", "op-1"]);
  // The text of the shared token hashes to the token itself.
  assert.equal(forwards.ownerOf("op-115"), "op-11");
  assert.equal(backwards.ownerOf("op-115"), "op-11");
});

Deno.test("HashRing of a StatefulSet with twenty shards does not depend on their order", () => {
  const names = Array.from({ length: 20 }, (_, index) => `op-${index}`);
  const forwards = new HashRing(names);
  const backwards = new HashRing(names.toReversed());
  for (let index = 0; index < 5_000; index++) {
    const key = `/Secret/default/obj-${index}`;
    assert.equal(forwards.ownerOf(key), backwards.ownerOf(key), key);
  }
});

Deno.test("HashRing gives every key exactly one owner, one of its shards", () => {
  fc.assert(fc.property(shardNames, keys, (shards, sample) => {
    const ring = new HashRing(shards);
    for (const key of sample) {
      const owner = ring.ownerOf(key);
      assert.equal(owner === undefined, shards.length === 0);
      if (owner !== undefined) assert.ok(shards.includes(owner));
      assert.equal(ring.ownerOf(key), owner);
    }
  }));
});

Deno.test("HashRing gives a key to the shard with the first token at or after its hash", () => {
  fc.assert(fc.property(shardNames, keys, (shards, sample) => {
    const ring = new HashRing(shards);
    const tokens = shards.toSorted().flatMap((shard) => tokensOf(shard).map((token) => ({ token, shard })));
    const lowest = tokens.reduce<bigint>((low, { token }) => token < low ? token : low, 2n ** 64n);
    for (const key of sample) {
      const after = tokens.filter(({ token }) => token >= hashOf(key));
      const first = after.reduce<bigint>((low, { token }) => token < low ? token : low, 2n ** 64n);
      const wanted = after.length === 0 ? lowest : first;
      assert.equal(ring.ownerOf(key), tokens.findLast(({ token }) => token === wanted)?.shard);
    }
  }));
});

Deno.test("HashRing moves only the keys of a shard that leaves, and to a shard that joins only", () => {
  fc.assert(fc.property(shardNames.filter((names) => names.length > 0), keys, (shards, sample) => {
    const [changing, ...others] = shards;
    const withIt = new HashRing(shards);
    const withoutIt = new HashRing(others);
    for (const key of sample) {
      // Read forwards the shard joins, read backwards it leaves.
      if (withIt.ownerOf(key) !== changing) assert.equal(withIt.ownerOf(key), withoutIt.ownerOf(key));
      else assert.notEqual(withoutIt.ownerOf(key), changing);
    }
  }));
});

Deno.test("HashRing does not depend on the order of the shards, even when tokens collide", () => {
  const shuffled = shardNames.chain((names) =>
    fc.tuple(fc.constant(names), fc.shuffledSubarray(names, { minLength: names.length }))
  );
  fc.assert(fc.property(shuffled, keys, ([names, otherOrder], sample) => {
    const ring = new HashRing(names);
    const other = new HashRing(otherOrder);
    for (const key of [...sample, ...names.map((name) => `${name}5`)]) {
      assert.equal(ring.ownerOf(key), other.ownerOf(key));
    }
  }));
});

Deno.test("shares() adds up to everything and foretells how many of many keys a shard gets", () => {
  const ring = new HashRing(["shard-a", "shard-b", "shard-c"]);
  const shares = ring.shares();
  assert.ok(Math.abs([...shares.values()].reduce((sum, share) => sum + share, 0) - 1) < 1e-9);
  const counts = new Map<string, number>();
  for (let i = 0; i < 20_000; i++) {
    const owner = ring.ownerOf(`/Secret/default/obj-${i}`) ?? "";
    counts.set(owner, (counts.get(owner) ?? 0) + 1);
  }
  for (const [shard, share] of shares) {
    assert.ok(Math.abs((counts.get(shard) ?? 0) / 20_000 - share) < 0.02, `${shard}: ${share} of all`);
  }
  assert.deepEqual([...new HashRing(["only"]).shares()], [["only", 1]]);
  assert.deepEqual([...new HashRing([]).shares()], []);
});
