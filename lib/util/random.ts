/** Source of randomness for jitter and name suffixes; never for keys or secrets. */
export interface Random {
  /** A number from 0 (included) to 1 (excluded), evenly distributed. */
  next(): number;
}

/** The machine's randomness. */
export const systemRandom: Random = { next: () => Math.random() };

/** A repeatable sequence: the same seed gives the same numbers (mulberry32, public domain, by Tommy Ettinger). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return {
    next(): number {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    },
  };
}

/** Letters and digits that cannot form words or be mistaken for each other: those of the API server's generated names. */
const suffixAlphabet = "bcdfghjklmnpqrstvwxz2456789";

/** A random name suffix of `length` characters in the alphabet that the API server uses for `generateName`. */
export function randomSuffix(random: Random, length: number): string {
  let suffix = "";
  for (let i = 0; i < length; i++) suffix += suffixAlphabet[Math.floor(random.next() * suffixAlphabet.length)];
  return suffix;
}

/** Lengthens `ms` by a random part of up to `factor` of it, so that many waiters do not come back at once. */
export function jitter(random: Random, ms: number, factor: number): number {
  return ms * (1 + random.next() * factor);
}
