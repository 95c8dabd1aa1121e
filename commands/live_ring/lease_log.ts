import type { Lease } from "../../lib/k8s/types.ts";
import { holderOf, type LeaseHolder } from "../../lib/sharding/shard_state.ts";

/** What a shard's Lease said from one version on. */
export interface LeaseEntry {
  /** "gone": it was deleted. */
  readonly holder: LeaseHolder | "gone";
  /** The Lease's version; that of a deletion is the last one that was seen, or later. */
  readonly version: bigint;
}

/** Writes down who held each shard's Lease, in the order of the API server's versions. */
export class LeaseLog {
  readonly #entries = new Map<string, LeaseEntry[]>();

  /**
   * Takes note of a Lease.
   * @param lease undefined when it was deleted. @param last as it is, or was last.
   */
  note(lease: Lease | undefined, last: Lease): void {
    const { name, resourceVersion = "" } = last.metadata;
    const holder = lease === undefined ? "gone" : holderOf(lease);
    const entries = this.#entries.get(name) ?? [];
    this.#entries.set(name, entries);
    // Renewals say nothing new.
    if (entries.at(-1)?.holder !== holder) entries.push({ holder, version: versionOf(resourceVersion) });
  }

  /** All that was noted of a shard, oldest first. */
  of(shard: string): readonly LeaseEntry[] {
    return this.#entries.get(shard) ?? [];
  }

  /**
   * Did the shard hold its Lease just before this version? Versions of one API server's objects can be compared, as
   * all come from one counter. A shard that was never seen held none.
   */
  heldBefore(shard: string, version: string): boolean {
    const at = versionOf(version);
    return this.of(shard).findLast((entry) => entry.version < at)?.holder === "shard";
  }
}

/** 0 for what is no version. */
export function versionOf(resourceVersion: string): bigint {
  return /^\d+$/.test(resourceVersion) ? BigInt(resourceVersion) : 0n;
}
