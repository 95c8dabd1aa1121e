import { formatGroupResource, type GroupResource } from "../../lib/k8s/api/resource.ts";

/** Objects of a resource that carry the label of a shard; "" for those without one, or with that of an unknown one. */
export interface CensusEntry {
  readonly resource: GroupResource;
  readonly shard: string;
  readonly count: number;
}

/** How many objects of a ring each shard has: one number for each resource and shard. */
export class Census {
  readonly #resources = new Map<
    string,
    { readonly resource: GroupResource; readonly counts: Map<string, number> }
  >();

  /** Counts an object, or takes one away. */
  add(resource: GroupResource, shard: string, by = 1): void {
    const name = formatGroupResource(resource);
    const known = this.#resources.get(name) ?? { resource, counts: new Map<string, number>() };
    this.#resources.set(name, known);
    known.counts.set(shard, (known.counts.get(shard) ?? 0) + by);
  }

  /** Counts that an object went from one shard to another. */
  move(resource: GroupResource, from: string, to: string): void {
    this.add(resource, from, -1);
    this.add(resource, to);
  }

  /** All numbers. None is below 0, though an object may have gone that was created after the last look. */
  *entries(): Generator<CensusEntry, void, undefined> {
    for (const { resource, counts } of this.#resources.values()) {
      for (const [shard, count] of counts) yield { resource, shard, count: Math.max(count, 0) };
    }
  }
}
