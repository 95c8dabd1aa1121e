import { Api } from "../../../lib/k8s/api/api.ts";
import type { Resource } from "../../../lib/k8s/api/resource.ts";
import type { RestClient } from "../../../lib/k8s/contract.ts";
import { leases } from "../../../lib/k8s/kinds/coordination.ts";
import { configMaps, secrets } from "../../../lib/k8s/kinds/core.ts";
import type { KubeObject, Lease, PartialObjectMetadata } from "../../../lib/k8s/types.ts";
import { dropManagedFields, watch } from "../../../lib/runtime/watch/mod.ts";
import { mainKey } from "../../../lib/sharding/hash_key.ts";
import { HashRing } from "../../../lib/sharding/hash_ring.ts";
import { drainLabel, leaseRingLabel, leaseStateLabel, shardLabel } from "../../../lib/sharding/names.ts";
import { sleep, systemClock } from "../../../lib/util/clock/mod.ts";
import { systemRandom } from "../../../lib/util/random.ts";
import { LabelBook, type LabelFigures, type Part } from "./label_book.ts";

/** What precedes a Secret's name in the name of its ConfigMap, in the example controller. */
const configMapPrefix = "checksums-";

/** Time between two looks whether all is in place, in milliseconds: a look at 20,000 objects takes some of them. */
const lookInterval = 100;

/** All is in place only when it still is after so long, in milliseconds. */
const quietTime = 1_500;

/** What {@link Tracker.settled} saw. Times are those of `performance.now()`. */
export interface Settled extends LabelFigures {
  /** When the last label changed; when it was asked for, if none did. */
  readonly at: number;
}

/**
 * Follows Secrets and their ConfigMaps of one namespace, and the Leases of a ring's shards. Only metadata are watched,
 * and only labels are kept: the tracker shares the machine with what it looks at.
 */
export class Tracker implements AsyncDisposable {
  readonly book = new LabelBook();
  readonly #ring: string;
  readonly #namespace: string;
  readonly #stop = new AbortController();
  readonly #leases = new Map<string, string>();
  #running: Promise<unknown> = Promise.resolve();

  private constructor(ring: string, namespace: string) {
    this.#ring = ring;
    this.#namespace = namespace;
  }

  /** Begins to watch; returns when all that is there has been read. */
  static async start(client: RestClient, ring: string, namespace = "default"): Promise<Tracker> {
    const tracker = new Tracker(ring, namespace);
    const follow = [
      tracker.#follow(client, secrets, "secret", (name) => name),
      tracker.#follow(client, configMaps, "configMap", familyOfConfigMap),
      tracker.#followLeases(client),
    ];
    tracker.#running = Promise.all(follow.map(({ running }) => running));
    await Promise.all(follow.map(({ complete }) => complete));
    return tracker;
  }

  /** State label of each shard's Lease; "" until the sharder has written one. */
  get leases(): ReadonlyMap<string, string> {
    return this.#leases;
  }

  /** Begins a step: figures count from now on. @returns now */
  begin(): number {
    const now = performance.now();
    this.book.begin(now);
    return now;
  }

  /**
   * Waits until each Secret carries the shard that the ring of these shards gives it, and its ConfigMap the same.
   * @throws {Error} when that takes longer than `within` milliseconds; says how many were misplaced.
   */
  async settled(shards: readonly string[], signal: AbortSignal, within = 120_000): Promise<Settled> {
    const start = performance.now();
    const ring = new HashRing(shards);
    const owners = new Map<string, string | undefined>();
    const ownerOf = (name: string): string | undefined => {
      if (!owners.has(name)) owners.set(name, this.#ownerOf(ring, name));
      return owners.get(name);
    };
    while (true) {
      const misplaced = this.book.misplaced(ownerOf);
      const now = performance.now();
      const figures = this.book.figures(now);
      const at = figures.lastChange ?? start;
      if (misplaced === 0 && now - Math.max(at, start) >= quietTime) return { ...figures, at };
      if (now - start > within) throw new Error(`after ${within} ms ${misplaced} objects are not where they belong`);
      await sleep(systemClock, lookInterval, signal);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  #ownerOf(ring: HashRing, name: string): string | undefined {
    const key = mainKey({ group: "", kind: "Secret" }, { namespace: this.#namespace, name });
    return key.type === "key" ? ring.ownerOf(key.key) : undefined;
  }

  #follow(
    client: RestClient,
    resource: Resource<KubeObject>,
    part: Part,
    familyOf: (name: string) => string | undefined,
  ): Following {
    const objects = new Api(client, resource, { namespace: this.#namespace }).asMetadata();
    const [shard, drain] = [shardLabel(this.#ring), drainLabel(this.#ring)];
    return this.#each(objects, (type, { metadata: { name, labels = {} } }) => {
      const family = familyOf(name);
      if (family === undefined) return;
      const now = performance.now();
      if (type === "delete") return this.book.remove(part, family, now);
      this.book.note(part, family, { shard: labels[shard] ?? "", draining: labels[drain] !== undefined }, now);
    });
  }

  #followLeases(client: RestClient): Following {
    const api: Api<Lease> = new Api(client, leases, { namespace: this.#namespace });
    return this.#each(api.asMetadata(), (type, { metadata: { name, labels = {} } }) => {
      if (labels[leaseRingLabel] !== this.#ring) return;
      if (type === "delete") this.#leases.delete(name);
      else this.#leases.set(name, labels[leaseStateLabel] ?? "");
    });
  }

  #each(
    api: Api<PartialObjectMetadata>,
    note: (type: "apply" | "delete", object: PartialObjectMetadata) => void,
  ): Following {
    const complete = Promise.withResolvers<void>();
    const options = {
      clock: systemClock,
      random: systemRandom,
      transform: dropManagedFields,
      signal: this.#stop.signal,
    };
    const run = async (): Promise<void> => {
      for await (const event of watch(api, options)) {
        if (event.type === "init_done") complete.resolve();
        if (event.type === "init_apply" || event.type === "apply") note("apply", event.object);
        if (event.type === "delete") note("delete", event.object);
      }
    };
    return { complete: complete.promise, running: run() };
  }
}

interface Following {
  readonly complete: Promise<void>;
  readonly running: Promise<void>;
}

function familyOfConfigMap(name: string): string | undefined {
  return name.startsWith(configMapPrefix) ? name.slice(configMapPrefix.length) : undefined;
}
