import { abortable } from "../../lib/k8s/abortable.ts";
import type { Api } from "../../lib/k8s/api/api.ts";
import { keyOf, type Lease } from "../../lib/k8s/types.ts";
import { leaseRingLabel } from "../../lib/sharding/names.ts";

/** Where shards have their Leases. */
export interface ShardNamespaces {
  /** The only namespaces in which Leases may be read. @default all */
  readonly namespaces?: readonly string[] | undefined;
  /** May a Lease in this namespace be that of the ring's shard? @default always */
  readonly admits?: (namespace: string) => boolean;
}

/**
 * Asks the API server whether a ring has a shard of a name. Different watches are not in step: an object may show the
 * label of a shard that joined just now before the watch of Leases tells of the shard. So before a label is called
 * bogus, or that of a shard which will not come back, the Leases are read.
 *
 * An answer counts only for who asked before it was read, as the object may be younger than the answer. All who ask
 * while one reading is under way share the next.
 */
export class LeaseProbe {
  readonly #leases: readonly Api<Lease>[];
  readonly #ring: string;
  readonly #admits: (namespace: string) => boolean;
  readonly #signal: AbortSignal;
  readonly #running = new Map<string, Promise<readonly Lease[]>>();
  readonly #waiting = new Map<string, Promise<readonly Lease[]>>();

  /** @param signal ends all readings */
  constructor(leases: Api<Lease>, ring: string, signal: AbortSignal, where: ShardNamespaces = {}) {
    const { namespaces, admits = () => true } = where;
    this.#leases = namespaces?.map((namespace) => leases.inNamespace(namespace)) ?? [leases];
    this.#ring = ring;
    this.#admits = admits;
    this.#signal = signal;
  }

  /** Is there a Lease of this name in the ring, in a namespace where it counts? */
  async exists(shard: string, signal: AbortSignal): Promise<boolean> {
    return (await this.find(shard, signal)).length > 0;
  }

  /** The Leases of this name in the ring, in namespaces where they count. */
  find(shard: string, signal: AbortSignal): Promise<readonly Lease[]> {
    const waiting = this.#waiting.get(shard) ?? this.#queue(shard);
    return abortable(waiting, signal);
  }

  #queue(shard: string): Promise<readonly Lease[]> {
    const before = this.#running.get(shard);
    const next = (before === undefined ? Promise.resolve() : before.then(() => undefined, () => undefined)).then(() => {
      this.#waiting.delete(shard);
      const reading = this.#read(shard).finally(() => {
        if (this.#running.get(shard) === reading) this.#running.delete(shard);
      });
      this.#running.set(shard, reading);
      return reading;
    });
    this.#waiting.set(shard, next);
    return next;
  }

  async #read(shard: string): Promise<readonly Lease[]> {
    const found: Lease[] = [];
    for (const leases of this.#leases) {
      const { items } = await leases.list({
        labelSelector: `${leaseRingLabel}=${this.#ring}`,
        fieldSelector: `metadata.name=${shard}`,
        signal: this.#signal,
      });
      found.push(...items.filter((lease) => this.#admits(keyOf(lease).namespace)));
    }
    return found;
  }
}
