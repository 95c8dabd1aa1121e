import { type Labels, registerCounter, type Registry } from "../../runtime/metrics/mod.ts";
import { PerRing } from "./per_ring.ts";

/** Counts calculations of hash rings, under the reference's name. @returns what to call for each. */
export function calculationMetrics(registry: Registry, exists: (ring: string) => boolean): (ring: string) => void {
  const rings = new PerRing(exists, () => ({ count: 0 }));
  registerCounter(registry, {
    name: "controller_sharding_ring_calculations_total",
    help: "Total number of shard ring calculations per ControllerRing",
    labelNames: ["controllerring"],
    *series(): Generator<readonly [Labels, number], void, undefined> {
      for (const [controllerring, { count }] of rings.entries()) yield [{ controllerring }, count];
    },
  });
  return (ring) => {
    const entry = rings.get(ring);
    if (entry !== undefined) entry.count++;
  };
}
