import type { KubeObject } from "../../../mod.ts";
import { ringLabels } from "../../simulation/checker/rules.ts";
import { mainKey } from "../../../lib/sharding/hash_key.ts";
import { HashRing } from "../../../lib/sharding/hash_ring.ts";
import { workName } from "../../simulation/worker.ts";
import { type Span, Spans } from "./spans.ts";

/** How long a user's change may take until it is worked on, in milliseconds: not counted as unsettled before. */
const workTime = 6_000;

interface Main {
  readonly object: KubeObject;
  /** When a user last changed it. */
  readonly changed: number;
}

/** Parts of a {@link RingState}. */
export interface RingStateParts {
  readonly ring: string;
  /** Hears how long an object had no live owner. */
  readonly onLonely: (span: Span) => void;
  /** Hears how long a child was elsewhere than its owner. */
  readonly onApart: (span: Span) => void;
}

/**
 * What the ring's objects and shards look like now, and for how long objects have had no live owner: no shard, or one whose
 * process does not run, is cut off, or has not renewed its Lease since it does.
 */
export class RingState {
  readonly #ring: string;
  readonly #mains = new Map<string, Main>();
  readonly #children = new Map<string, KubeObject>();
  /** Shards that hold their Lease, as they renewed it after whatever befell them. */
  readonly #live = new Set<string>();
  readonly #reachable = new Set<string>();
  readonly #lonely: Spans;
  readonly #apart: Spans;

  constructor({ ring, onLonely, onApart }: RingStateParts) {
    this.#ring = ring;
    this.#lonely = new Spans(onLonely);
    this.#apart = new Spans(onApart);
  }

  /** How many objects there are. */
  get objects(): number {
    return this.#mains.size;
  }

  /** Shards that live. */
  get live(): ReadonlySet<string> {
    return this.#live;
  }

  /** A Secret has changed. */
  onMain(previous: KubeObject | undefined, next: KubeObject | undefined, at: number): void {
    const name = (next ?? previous)?.metadata.name ?? "";
    if (next === undefined) this.#mains.delete(name);
    else {
      const before = this.#mains.get(name);
      const isWork = before !== undefined && before.object.metadata.uid === next.metadata.uid &&
        dataOf(before.object, "value") === dataOf(next, "value");
      this.#mains.set(name, { object: next, changed: isWork ? before.changed : at });
    }
    this.#look(name, at);
  }

  /** A ConfigMap has changed. */
  onChild(previous: KubeObject | undefined, next: KubeObject | undefined, at: number): void {
    const child = next ?? previous;
    if (child === undefined || !child.metadata.name.startsWith(workName(""))) return;
    if (next === undefined) this.#children.delete(child.metadata.name);
    else this.#children.set(child.metadata.name, next);
    this.#look(child.metadata.name.slice(workName("").length), at);
  }

  /** A shard's Lease was written or deleted. */
  onLease(name: string, holder: string | undefined, at: number): void {
    this.#setLive(name, holder === name && this.#reachable.has(name), at);
  }

  /** A shard's process can work and reach the API server from now on, or cannot any more. */
  setReachable(name: string, isReachable: boolean, at: number): void {
    if (isReachable) this.#reachable.add(name);
    else {
      this.#reachable.delete(name);
      this.#setLive(name, false, at);
    }
  }

  /** Objects without a live owner now, with the moment since when. */
  get lonely(): Spans["open"] {
    return this.#lonely.open;
  }

  /**
   * What is not where, or not as, it belongs. @param shards that have to be there
   * @returns one sentence, undefined when all is well
   */
  unsettled(shards: readonly string[], now: number): string | undefined {
    const missing = shards.find((shard) => !this.#live.has(shard));
    if (missing !== undefined) return `${missing} does not hold its Lease`;
    const ring = new HashRing(shards);
    for (const [name, { object, changed }] of this.#mains) {
      const { shard, draining } = ringLabels(object, this.#ring);
      const { namespace = "" } = object.metadata;
      const hash = mainKey({ group: "", kind: "Secret" }, { name, namespace });
      const wanted = hash.type === "key" ? ring.ownerOf(hash.key) : undefined;
      if (draining || shard !== wanted) return `${name} is on ${shard}${draining ? " (drain)" : ""}, not on ${wanted}`;
      if (now - changed < workTime) continue;
      const child = this.#children.get(workName(name));
      if (dataOf(child, "result") !== `done: ${dataOf(object, "value")}`) return `the work on ${name} is not done`;
      const where = ringLabels(child, this.#ring).shard;
      if (where !== shard) return `the child of ${name} is on ${where}, not on ${shard}`;
    }
    return undefined;
  }

  #setLive(name: string, isLive: boolean, at: number): void {
    if (isLive === this.#live.has(name)) return;
    if (isLive) this.#live.add(name);
    else this.#live.delete(name);
    for (const main of this.#mains.keys()) this.#look(main, at);
  }

  #look(name: string, at: number): void {
    const object = this.#mains.get(name)?.object;
    const { shard, draining } = ringLabels(object, this.#ring);
    this.#lonely.set(name, object === undefined || (shard !== undefined && this.#live.has(shard)), at);
    const child = this.#children.get(workName(name));
    const isChild = child?.metadata.ownerReferences?.[0]?.uid === object?.metadata.uid;
    const isTogether = object === undefined || child === undefined || !isChild || draining || shard === undefined ||
      ringLabels(child, this.#ring).shard === shard;
    this.#apart.set(name, isTogether, at);
  }
}

/** A field of a Secret or ConfigMap. */
function dataOf(object: KubeObject | undefined, field: string): string {
  const data: unknown = object !== undefined && "data" in object ? object.data : undefined;
  const value: unknown = Object.entries(data ?? {}).find(([name]) => name === field)?.[1];
  return typeof value === "string" ? value : "";
}
