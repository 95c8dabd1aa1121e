import createHasher from "xxhash-wasm";

const { h64 } = await createHasher();

/** Tokens per shard; fixed by the protocol, as every sharder must come to the same owners. */
const tokensPerShard = 100;

/** How many hashes there are. */
const hashes = 1n << 64n;

/** xxHash64 of the UTF-8 bytes of `text`, seed 0, unsigned. */
export function hashOf(text: string): bigint {
  return h64(text);
}

/**
 * Consistent hashing of keys over shards, on a ring of 64-bit tokens (Karger et al., STOC 1997). A shard has the tokens
 * hash(name + "0") ... hash(name + "99"); a key belongs to the shard with the first token at or after hash(key), past
 * the end to the one with the lowest. When a shard joins or leaves, only keys that it gets or had change hands.
 *
 * Names such as `op-1` and `op-11` have tokens in common. Those belong to the last of the shards by name, so the order
 * in which the shards are given never matters.
 */
export class HashRing {
  /** The shards, sorted by name, each once. */
  readonly shards: readonly string[];
  /** All tokens in ascending order, each once. */
  readonly #tokens: BigUint64Array;
  /** For each token, the position of its owner in `shards`. */
  readonly #owners: Uint32Array;

  constructor(shards: Iterable<string>) {
    this.shards = [...new Set(shards)].sort();
    const owners = new Map<bigint, number>();
    this.shards.forEach((shard, index) => {
      for (const token of tokensOf(shard)) owners.set(token, index);
    });
    this.#tokens = BigUint64Array.from(owners.keys()).sort();
    this.#owners = Uint32Array.from(this.#tokens, (token) => owners.get(token) ?? 0);
  }

  /** The shard that a key belongs to; undefined while the ring has no shards. */
  ownerOf(key: string): string | undefined {
    const position = this.#firstFrom(h64(key));
    const owner = this.#owners[position === this.#tokens.length ? 0 : position];
    return owner === undefined ? undefined : this.shards[owner];
  }

  /** The part of all hashes that belongs to each shard, from 0 to 1: what it gets of very many objects. */
  shares(): ReadonlyMap<string, number> {
    const widths = new Map<string, bigint>(this.shards.map((shard) => [shard, 0n]));
    // The first token also gets what lies past the last one.
    let before = (this.#tokens.at(-1) ?? 0n) - hashes;
    this.#tokens.forEach((token, position) => {
      const owner = this.shards[this.#owners[position] ?? 0] ?? "";
      widths.set(owner, (widths.get(owner) ?? 0n) + token - before);
      before = token;
    });
    return new Map([...widths].map(([shard, width]) => [shard, Number(width) / Number(hashes)]));
  }

  /** Position of the first token at or after `hash`; the number of tokens when there is none. */
  #firstFrom(hash: bigint): number {
    let low = 0;
    let high = this.#tokens.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const token = this.#tokens[middle];
      if (token !== undefined && token < hash) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The tokens of one shard, in no order. */
export function tokensOf(shard: string): bigint[] {
  return Array.from({ length: tokensPerShard }, (_, index) => h64(`${shard}${index}`));
}
