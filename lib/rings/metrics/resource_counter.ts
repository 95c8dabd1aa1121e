import type { GroupResource } from "../../k8s/api/resource.ts";
import { type Labels, registerCounter, type Registry } from "../../runtime/metrics/mod.ts";
import { PerRing } from "./per_ring.ts";

/** Counts events of the resources of rings: two look-ups for each. */
export class ResourceCounter {
  readonly #rings: PerRing<Map<string, Map<string, number>>>;

  /** @param exists is there a ring of this name? */
  constructor(registry: Registry, name: string, help: string, exists: (ring: string) => boolean) {
    this.#rings = new PerRing(exists, () => new Map());
    const rings = this.#rings;
    registerCounter(registry, {
      name,
      help,
      labelNames: ["controllerring", "group", "resource"],
      *series(): Generator<readonly [Labels, number], void, undefined> {
        for (const [controllerring, groups] of rings.entries()) {
          for (const [group, resources] of groups) {
            for (const [resource, count] of resources) yield [{ controllerring, group, resource }, count];
          }
        }
      },
    });
  }

  /** Counts one event. */
  inc(ring: string, { group, resource }: GroupResource): void {
    const groups = this.#rings.get(ring);
    if (groups === undefined) return;
    const known = groups.get(group);
    if (known === undefined) groups.set(group, new Map([[resource, 1]]));
    else known.set(resource, (known.get(resource) ?? 0) + 1);
  }
}
