import type { GroupResource } from "../../lib/k8s/api/resource.ts";
import type { PartialObjectMetadata } from "../../lib/k8s/types.ts";
import type { DrainCount, HeldBack, RingWork, ShardCount } from "../../lib/rings/metrics/mod.ts";
import type { RingSnapshot } from "../../lib/rings/mod.ts";
import { shardLabel } from "../../lib/sharding/names.ts";
import { isLive, type RingView } from "../../lib/sharding/ring_view.ts";
import type { Clock } from "../../lib/util/clock/mod.ts";
import { Census } from "./census.ts";
import type { MoveObserver } from "./mover.ts";
import type { PassKind } from "./passes/pass.ts";
import type { PendingDrain, PendingDrains } from "./drains/pending_drains.ts";
import type { Target } from "./targets.ts";

/** How an object came to another shard: after its shard has let go of it, or at once. */
export type MoveType = "drain" | "direct";

/** Hears what the sharder does; measurements hang here. Durations are in seconds. */
export interface SharderObserver extends MoveObserver {
  /**
   * An object came to another shard. A drain takes from the request to leave until it was let go of; a direct move from
   * the beginning of the look that found the object until it was written.
   */
  onMoved?(ring: string, resource: GroupResource, type: MoveType, seconds: number): void;
  /** A look at the objects has ended; so many objects or resources failed. */
  onPass?(ring: string, kind: PassKind, seconds: number, failed: number): void;
  /** All objects are where they belong again, so long after the shards had changed. */
  onSettled?(ring: string, seconds: number): void;
}

/** How a look ended. */
export interface PassEnd {
  readonly seconds: number;
  /** Objects and resources that failed. */
  readonly failed: number;
  /** Everything could be listed. */
  readonly complete: boolean;
}

/** What a {@link RingLedger} works with. */
export interface RingLedgerParts {
  readonly ring: string;
  readonly clock: Clock;
  readonly observer: SharderObserver;
  readonly pending: PendingDrains;
  readonly snapshot: () => RingSnapshot | undefined;
  /** The resources that are served. */
  readonly targets: () => readonly Target[];
}

/** Keeps the books of a ring for metrics: who has how many objects, and how long things take. Decides nothing. */
export class RingLedger {
  readonly #parts: RingLedgerParts;
  #census = new Census();
  /** Of the pass over everything that is under way. */
  #fresh: { readonly census: Census; readonly begin: number } | undefined;
  #unsettledSince: number | undefined;

  constructor(parts: RingLedgerParts) {
    this.#parts = parts;
  }

  /** The shards or the scope have changed. */
  changed(): void {
    this.#unsettledSince ??= this.#parts.clock.monotonic();
  }

  /** A look begins. */
  passBegins(kind: PassKind): void {
    if (kind === "all") this.#fresh = { census: new Census(), begin: this.#parts.clock.monotonic() };
  }

  /** A pass has listed an object, and not touched it yet. */
  readonly listed = (target: Target, object: PartialObjectMetadata): void => {
    if (this.#fresh === undefined) return;
    const shard = object.metadata.labels?.[shardLabel(this.#parts.ring)] ?? "";
    // Whatever somebody may write into labels must not grow the books.
    const isKnown = this.#parts.snapshot()?.view.shard(shard) !== undefined;
    this.#fresh.census.add(target.groupResource, isKnown ? shard : "");
  };

  /** A look has ended. Its count is valid if it could list everything. */
  passEnded(kind: PassKind, { seconds, failed, complete }: PassEnd): void {
    if (kind === "all" && complete && this.#fresh !== undefined) this.#census = this.#fresh.census;
    if (kind === "all") this.#fresh = undefined;
    this.#parts.observer.onPass?.(this.#parts.ring, kind, seconds, failed);
  }

  /** Observes the writes of one look, which began just now. */
  writes(inPass: boolean): MoveObserver {
    const { observer, clock, ring } = this.#parts;
    const begin = clock.monotonic();
    return {
      onDrain: (...drain) => observer.onDrain?.(...drain),
      onWithdraw: (...withdrawal) => observer.onWithdraw?.(...withdrawal),
      onMove: (...move) => {
        observer.onMove?.(...move);
        const [, resource, from = "", to] = move;
        const known = this.#parts.snapshot()?.view.shard(from) === undefined ? "" : from;
        this.#census.move(resource, known, to);
        // What others move is listed where it is then.
        if (inPass) this.#fresh?.census.move(resource, known, to);
        observer.onMoved?.(ring, resource, "direct", (clock.monotonic() - begin) / 1_000);
      },
    };
  }

  /** An object was let go of by its shard, or deleted; in the first case the webhook has given it to the right one. */
  drainEnded(key: string, { shard, since, withdrawn }: PendingDrain): void {
    if (withdrawn === true) return;
    const { observer, clock, ring } = this.#parts;
    const resource = this.#resourceOf(key);
    if (resource === undefined) return;
    const owner = this.#parts.snapshot()?.view.shardFor(key) ?? "";
    this.#census.move(resource, shard, owner);
    if (this.#fresh !== undefined && since >= this.#fresh.begin) this.#fresh.census.move(resource, shard, owner);
    observer.onMoved?.(ring, resource, "drain", (clock.monotonic() - since) / 1_000);
  }

  /** Everything is where it belongs. */
  settled(): void {
    if (this.#unsettledSince === undefined) return;
    const { observer, clock, ring } = this.#parts;
    observer.onSettled?.(ring, (clock.monotonic() - this.#unsettledSince) / 1_000);
    this.#unsettledSince = undefined;
  }

  /** The books as of now. */
  work(heldBack: HeldBack): RingWork {
    const { ring, clock, snapshot } = this.#parts;
    const view = snapshot()?.view;
    return {
      ring,
      ...this.#owners(view),
      drains: this.#drains(),
      heldBack,
      unsettled: this.#unsettledSince === undefined ? 0 : (clock.monotonic() - this.#unsettledSince) / 1_000,
    };
  }

  #owners(view: RingView | undefined): Pick<RingWork, "objects" | "ownerless"> {
    const objects: ShardCount[] = [];
    const ownerless = new Map<string, GroupResource & { count: number }>();
    for (const { groupResource: { group, resource } } of this.#parts.targets()) {
      ownerless.set(`${group}/${resource}`, { group, resource, count: 0 });
      // A shard without objects has a 0, as a missing series could mean anything.
      for (const shard of view?.liveNames() ?? []) objects.push({ group, resource, shard, count: 0 });
    }
    const counts = new Map(objects.map((entry) => [`${entry.group}/${entry.resource}/${entry.shard}`, entry]));
    for (const { resource: { group, resource }, shard, count } of this.#census.entries()) {
      if (view !== undefined && isLive(view.statusOf(shard))) {
        const name = `${group}/${resource}/${shard}`;
        if (counts.has(name)) counts.set(name, { group, resource, shard, count });
        continue;
      }
      const none = ownerless.get(`${group}/${resource}`);
      if (none !== undefined) none.count += count;
    }
    return { objects: [...counts.values()], ownerless: [...ownerless.values()] };
  }

  #drains(): readonly DrainCount[] {
    const now = this.#parts.clock.monotonic();
    const counts = new Map<string, { count: number; oldest: number; resource: GroupResource; shard: string }>();
    for (const [key, { shard, since }] of this.#parts.pending.entries()) {
      const resource = this.#resourceOf(key);
      if (resource === undefined) continue;
      const name = `${resource.group}/${resource.resource}/${shard}`;
      const entry = counts.get(name) ?? { count: 0, oldest: 0, resource, shard };
      entry.count++;
      entry.oldest = Math.max(entry.oldest, (now - since) / 1_000);
      counts.set(name, entry);
    }
    return [...counts.values()].map(({ resource, ...rest }) => ({ ...resource, ...rest }));
  }

  /** The resource of a hash key. */
  #resourceOf(key: string): GroupResource | undefined {
    const [group, kind] = key.split("/", 2);
    return this.#parts.targets().find(({ role, resource }) =>
      role === "main" && resource.group === group && resource.kind === kind
    )?.groupResource;
  }
}
