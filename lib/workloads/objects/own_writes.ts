import { keyOf, type KubeObject, type ObjectKey } from "../../k8s/types.ts";
import type { StoreReader } from "../../runtime/watch/mod.ts";

/** What one owner wrote that the cache need not show yet. */
interface Written {
  /** The last version of each object that is ours. */
  readonly versions: Map<string, { readonly key: ObjectKey; readonly version: bigint }>;
  /** Monotonic time of the last write. */
  since: number;
  /** A write may or may not have been done: only the API server knows. */
  doubtful: boolean;
}

/** Can the cache be relied upon, has it to catch up first, or has the API server to be asked? */
export type CacheState = "fresh" | "behind" | "doubtful";

/**
 * Remembers what a controller wrote, so that it does not decide on a cache that is older than its own decisions. It
 * relies on resourceVersions being numbers that grow, which Kubernetes promises since 1.35 (KEP-5504).
 */
export class OwnWrites {
  readonly #written = new Map<string, Written>();

  /** The owner wrote an object, which is as the API server returned it. */
  wrote(owner: string, object: KubeObject, now: number): void {
    const key = keyOf(object);
    this.#entry(owner, now).versions.set(object.metadata.uid ?? "", { key, version: versionOf(object) });
  }

  /** The owner wrote something and got no answer. */
  doubt(owner: string, now: number): void {
    this.#entry(owner, now).doubtful = true;
  }

  /** The owner is gone, or everything was read from the API server. */
  forget(owner: string): void {
    this.#written.delete(owner);
  }

  /** @param patience milliseconds that the cache may lag behind before its word is doubted. */
  state(owner: string, store: Pick<StoreReader<KubeObject>, "get">, now: number, patience: number): CacheState {
    const written = this.#written.get(owner);
    if (written === undefined) return "fresh";
    for (const [uid, { key, version }] of written.versions) {
      const shown = store.get(key);
      // Another object under the name: ours is gone.
      if (shown !== undefined && (shown.metadata.uid !== uid || versionOf(shown) >= version)) {
        written.versions.delete(uid);
      }
    }
    if (written.doubtful) return "doubtful";
    if (written.versions.size > 0) return now - written.since < patience ? "behind" : "doubtful";
    this.#written.delete(owner);
    return "fresh";
  }

  #entry(owner: string, now: number): Written {
    const written = this.#written.get(owner) ?? { versions: new Map(), since: now, doubtful: false };
    written.since = now;
    this.#written.set(owner, written);
    return written;
  }
}

function versionOf({ metadata }: KubeObject): bigint {
  const { resourceVersion = "" } = metadata;
  // A server that counts otherwise gets by without this precaution.
  return /^\d+$/.test(resourceVersion) ? BigInt(resourceVersion) : 0n;
}
