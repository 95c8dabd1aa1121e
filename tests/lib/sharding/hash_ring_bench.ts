/**
 * What it costs to make a hash ring and to look a key up in it: `deno bench -A tests/lib/sharding`. The baseline of
 * the look-ups is a hash and a binary search without anything else, as tests/load/spike.ts has it.
 */
import createHasher from "xxhash-wasm";
import { HashRing } from "../../../lib/sharding/hash_ring.ts";
import { RingView } from "../../../lib/sharding/ring_view.ts";

const { h64 } = await createHasher();
const sizes = [3, 50, 500];
const keys = Array.from({ length: 1_000 }, (_, index) => `/Secret/default/secret-${index}`);

function shardNames(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `shard-${index}`);
}

function entriesOf(count: number): ConstructorParameters<typeof RingView>[1] {
  const judgement = { state: "ready", holder: "shard", held: false, proven: false } as const;
  return shardNames(count).map((name) => ({ name, namespace: "default", judgement }));
}

/** The spike's look-up. */
function search(tokens: BigUint64Array, hash: bigint): number {
  let [low, high] = [0, tokens.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((tokens[middle] ?? 0n) < hash) low = middle + 1;
    else high = middle;
  }
  return low % tokens.length;
}

for (const size of sizes) {
  const names = shardNames(size);
  const entries = [...entriesOf(size)];
  const previous = new RingView("example", entries);
  Deno.bench(`a hash ring of ${size} shards`, { group: `make, ${size} shards`, baseline: true }, () => {
    new HashRing(names);
  });
  Deno.bench(`a view of ${size} shards`, { group: `make, ${size} shards` }, () => {
    new RingView("example", entries);
  });
  Deno.bench(`a view of the same ${size} shards as before`, { group: `make, ${size} shards` }, () => {
    new RingView("example", entries, { previous });
  });

  const names64 = names.flatMap((name) => Array.from({ length: 100 }, (_, token) => h64(`${name}${token}`)));
  const tokens = BigUint64Array.from(names64).sort();
  const ring = new HashRing(names);
  Deno.bench(`1,000 keys, ${size} shards: spike`, { group: `look up, ${size} shards`, baseline: true }, () => {
    for (const key of keys) search(tokens, h64(key));
  });
  Deno.bench(`1,000 keys, ${size} shards`, { group: `look up, ${size} shards` }, () => {
    for (const key of keys) ring.ownerOf(key);
  });
}
