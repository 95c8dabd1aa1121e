import type { GroupResource } from "../../k8s/api/resource.ts";
import { type Labels, registerCounter, registerTallies, type Registry, Tally } from "../../runtime/metrics/mod.ts";
import { PerRing } from "./per_ring.ts";
import { ResourceCounter } from "./resource_counter.ts";

/** Seconds that single objects, passes and whole rings take to come to rest. */
const bounds = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 60, 120, 300, 600, 1_800];

interface RingMoves {
  /** By labels, as JSON. */
  readonly moved: Map<string, { readonly labels: Labels; readonly duration: Tally }>;
  readonly passes: Map<string, Tally>;
  readonly settling: Tally;
  failures: number;
}

/** Measures what the sharder does to objects. Its methods are what the sharder calls. */
export class MoveMetrics {
  readonly #movements: ResourceCounter;
  readonly #drains: ResourceCounter;
  readonly #withdrawals: ResourceCounter;
  readonly #rings: PerRing<RingMoves>;

  /** @param exists is there a ring of this name? */
  constructor(registry: Registry, exists: (ring: string) => boolean) {
    const counter = (name: string, help: string): ResourceCounter =>
      new ResourceCounter(registry, `controller_sharding_${name}`, help, exists);
    this.#movements = counter("movements_total", "Total number of shard movements per Ring and GroupResource");
    this.#drains = counter("drains_total", "Total number of shard drains per Ring and GroupResource");
    const withdrawn = "Drains that were taken back before the shard had let go of the object";
    this.#withdrawals = counter("drains_withdrawn_total", withdrawn);
    this.#rings = new PerRing(exists, () => ({
      moved: new Map(),
      passes: new Map(),
      settling: new Tally(bounds),
      failures: 0,
    }));
    this.#register(registry);
  }

  onMove(ring: string, resource: GroupResource): void {
    this.#movements.inc(ring, resource);
  }

  onDrain(ring: string, resource: GroupResource): void {
    this.#drains.inc(ring, resource);
  }

  onWithdraw(ring: string, resource: GroupResource): void {
    this.#withdrawals.inc(ring, resource);
  }

  onMoved(ring: string, { group, resource }: GroupResource, type: string, seconds: number): void {
    const moved = this.#rings.get(ring)?.moved;
    const key = `${group}/${resource}/${type}`;
    const entry = moved?.get(key) ?? { labels: { group, resource, type }, duration: new Tally(bounds) };
    moved?.set(key, entry);
    entry.duration.observe(seconds);
  }

  onPass(ring: string, kind: string, seconds: number, failed: number): void {
    const entry = this.#rings.get(ring);
    if (entry === undefined) return;
    const duration = entry.passes.get(kind) ?? new Tally(bounds);
    entry.passes.set(kind, duration);
    duration.observe(seconds);
    entry.failures += failed;
  }

  onSettled(ring: string, seconds: number): void {
    this.#rings.get(ring)?.settling.observe(seconds);
  }

  #register(registry: Registry): void {
    const rings = this.#rings;
    registerTallies(registry, {
      name: "controller_sharding_move_duration_seconds",
      help: "How long objects take to another shard: drain, until their shard has let go of them; direct, the write",
      labelNames: ["controllerring", "group", "resource", "type"],
      bounds,
      *series(): Generator<readonly [Labels, Tally], void, undefined> {
        for (const [controllerring, { moved }] of rings.entries()) {
          for (const { labels, duration } of moved.values()) yield [{ controllerring, ...labels }, duration];
        }
      },
    });
    registerTallies(registry, {
      name: "controller_sharding_pass_duration_seconds",
      help:
        "How long it takes to look at the objects of a ring: all, those without a live owner, of some shards, or single ones",
      labelNames: ["controllerring", "kind"],
      bounds,
      *series(): Generator<readonly [Labels, Tally], void, undefined> {
        for (const [controllerring, { passes }] of rings.entries()) {
          for (const [kind, duration] of passes) yield [{ controllerring, kind }, duration];
        }
      },
    });
    registerCounter(registry, {
      name: "controller_sharding_pass_failures_total",
      help: "Objects and resources of a ring that could not be looked after; they are tried again",
      labelNames: ["controllerring"],
      *series(): Generator<readonly [Labels, number], void, undefined> {
        for (const [controllerring, { failures }] of rings.entries()) yield [{ controllerring }, failures];
      },
    });
    registerTallies(registry, {
      name: "controller_sharding_settle_duration_seconds",
      help: "How long after a change of the shards all objects are where they belong",
      labelNames: ["controllerring"],
      bounds,
      *series(): Generator<readonly [Labels, Tally], void, undefined> {
        for (const [controllerring, { settling }] of rings.entries()) yield [{ controllerring }, settling];
      },
    });
  }
}
