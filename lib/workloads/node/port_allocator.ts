import type { Random } from "../../util/random.ts";

/**
 * First and last port to choose from. They lie below those that systems take for outgoing connections (Linux from
 * 32768, macOS from 49152), of which one may be taken while a container restarts.
 */
const range = { first: 20_000, last: 31_999 } as const;

/** Free ports of this machine, none twice. */
export class PortAllocator {
  readonly #random: Random;
  readonly #isFree: (port: number) => boolean;
  readonly #taken = new Set<number>();

  /** @param isFree can one listen on this port of the loopback interface now? */
  constructor(random: Random, isFree: (port: number) => boolean) {
    this.#random = random;
    this.#isFree = isFree;
  }

  /** A port that nobody listens on. @throws Error when hardly any is free */
  allocate(): number {
    for (let attempt = 0; attempt < 1_000; attempt++) {
      const port = range.first + Math.floor(this.#random.next() * (range.last - range.first + 1));
      if (this.#taken.has(port) || !this.#isFree(port)) continue;
      this.#taken.add(port);
      return port;
    }
    throw new Error(`cannot find a free port between ${range.first} and ${range.last} of the loopback interface`);
  }

  /** The port may be given to others. */
  release(port: number): void {
    this.#taken.delete(port);
  }
}
