import type { StoreReader } from "../../runtime/watch/mod.ts";
import { keyOf, type ObjectKey } from "../../k8s/types.ts";
import type { Pod } from "../kinds/core.ts";

/** What one ReplicaSet did that the cache of pods need not show yet. */
interface Unseen {
  /** Pods that were created or deleted, by uid. */
  readonly created: Map<string, ObjectKey>;
  readonly deleted: Map<string, ObjectKey>;
  /** Monotonic time of the last write. */
  since: number;
  /** A write may or may not have been done: only the API server knows. */
  doubtful: boolean;
}

/** Pods that are remembered as gone; their creation may be answered only after their end was seen. */
const mostGone = 4_096;

/**
 * Keeps a ReplicaSet from acting on a cache that lags behind its own writes: it would create pods twice, or delete more
 * than it should (client-go's "controller expectations"). Unlike there, pods are not counted but known by their uid, so
 * an answer that gets lost does not put the count wrong: it leaves a doubt, which a look at the API server settles.
 */
export class Expectations {
  readonly #unseen = new Map<string, Unseen>();
  readonly #gone = new Set<string>();

  /** The owner created a pod. */
  created(owner: string, pod: Pod, now: number): void {
    const uid = pod.metadata.uid ?? "";
    if (!this.#gone.has(uid)) this.#entry(owner, now).created.set(uid, keyOf(pod));
  }

  /** The owner asked for the deletion of a pod. */
  deleted(owner: string, pod: Pod, now: number): void {
    const uid = pod.metadata.uid ?? "";
    if (!this.#gone.has(uid)) this.#entry(owner, now).deleted.set(uid, keyOf(pod));
  }

  /** The owner asked for something and got no answer. */
  doubt(owner: string, now: number): void {
    this.#entry(owner, now).doubtful = true;
  }

  /** The cache has seen the end of a pod. */
  gone(uid: string): void {
    this.#gone.add(uid);
    if (this.#gone.size <= mostGone) return;
    const oldest = this.#gone.values().next();
    if (oldest.done !== true) this.#gone.delete(oldest.value);
  }

  /** The owner is gone. */
  forget(owner: string): void {
    this.#unseen.delete(owner);
  }

  /**
   * What the owner has to wait for: "nothing", the "cache", or that it looks at the API server itself, because an answer
   * got lost or the cache has not caught up within `patience` milliseconds.
   */
  state(owner: string, pods: Pick<StoreReader<Pod>, "get">, now: number, patience: number): ExpectationState {
    const unseen = this.#unseen.get(owner);
    if (unseen === undefined) return "nothing";
    for (const [uid, key] of unseen.created) {
      if (this.#gone.has(uid) || pods.get(key)?.metadata.uid === uid) unseen.created.delete(uid);
    }
    for (const [uid, key] of unseen.deleted) {
      const pod = pods.get(key);
      if (pod?.metadata.uid !== uid || pod.metadata.deletionTimestamp !== undefined) unseen.deleted.delete(uid);
    }
    if (unseen.doubtful) return "doubt";
    if (unseen.created.size + unseen.deleted.size > 0) return now - unseen.since < patience ? "cache" : "doubt";
    this.#unseen.delete(owner);
    return "nothing";
  }

  /** Settles all doubts: from now on the cache is waited for where it differs from what the API server has. */
  settle(owner: string, cached: readonly Pod[], live: readonly Pod[], now: number): void {
    this.#unseen.delete(owner);
    const known = new Map(cached.map((pod) => [pod.metadata.uid, pod]));
    for (const pod of live) {
      const { uid, deletionTimestamp } = pod.metadata;
      const shown = known.get(uid);
      known.delete(uid);
      if (shown === undefined) this.created(owner, pod, now);
      else if (deletionTimestamp !== undefined && shown.metadata.deletionTimestamp === undefined) {
        this.deleted(owner, pod, now);
      }
    }
    for (const pod of known.values()) this.deleted(owner, pod, now);
  }

  #entry(owner: string, now: number): Unseen {
    const unseen = this.#unseen.get(owner) ?? { created: new Map(), deleted: new Map(), since: now, doubtful: false };
    unseen.since = now;
    this.#unseen.set(owner, unseen);
    return unseen;
  }
}

/** See {@link Expectations.state}. */
export type ExpectationState = "nothing" | "cache" | "doubt";
