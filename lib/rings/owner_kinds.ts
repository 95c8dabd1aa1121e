import { formatGroupResource, type GroupResource } from "../k8s/api/resource.ts";
import type { Runnable } from "../runtime/runnable.ts";
import type { GroupKind } from "../sharding/hash_key.ts";
import { type ControllerRing, mainResources } from "../sharding/ring_types.ts";
import { Backoff } from "../util/backoff.ts";
import { type Clock, sleep } from "../util/clock/mod.ts";
import { getLogger, type Logger } from "../util/log.ts";
import type { Random } from "../util/random.ts";
import type { Rings } from "./rings.ts";

/** What is needed to know of a resource. */
interface OwnerKind {
  readonly kind: string;
  readonly namespaced: boolean;
}

/** What {@link OwnerKinds} works with. */
export interface OwnerKindsOptions {
  readonly rings: Pick<Rings, "changes" | "get">;
  /** Rejects when the API server does not serve the resource, or cannot be asked. */
  readonly lookup: { resourceFor(resource: GroupResource, signal?: AbortSignal): Promise<OwnerKind> };
  readonly clock: Clock;
  readonly random: Random;
  readonly logger?: Logger;
}

/** How long to wait for a resource that could not be looked up, in milliseconds. */
const patience = { initial: 1_000, max: 60_000 };

/**
 * Knows which main resources of the rings lie in no namespace, so that the webhook can tell without asking anybody
 * where the owner of an object lies. Runs on every replica.
 */
export class OwnerKinds implements Runnable {
  readonly name = "kinds of main resources";
  readonly #options: OwnerKindsOptions;
  readonly #logger: Logger;
  readonly #kinds = new Map<string, OwnerKind>();

  constructor(options: OwnerKindsOptions) {
    this.#options = options;
    this.#logger = options.logger ?? getLogger(["sharding", "rings"]);
  }

  /**
   * Is this the kind of a main resource of the ring that lies in no namespace? Undefined when it may be one, of which
   * nothing is known (yet).
   */
  readonly isClusterScoped = (ring: ControllerRing, owner: GroupKind): boolean | undefined => {
    let isCertain = true;
    for (const resource of ring.spec?.resources ?? []) {
      if (resource.group !== owner.group) continue;
      const found = this.#kinds.get(formatGroupResource(resource));
      if (found?.kind === owner.kind) return !found.namespaced;
      if (found === undefined) isCertain = false;
    }
    return isCertain ? false : undefined;
  };

  /** Looks the main resources of all rings up, and those that come, until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { rings } = this.#options;
    const looks = new Map<string, { readonly end: AbortController; readonly done: Promise<void> }>();
    try {
      for await (const { ring, kind } of rings.changes(signal)) {
        if (kind !== "spec" && kind !== "gone") continue;
        const before = looks.get(ring);
        before?.end.abort();
        await before?.done;
        looks.delete(ring);
        const snapshot = rings.get(ring);
        if (snapshot === undefined) continue;
        const end = new AbortController();
        looks.set(ring, { end, done: this.#find(mainResources(snapshot.ring), AbortSignal.any([signal, end.signal])) });
      }
    } finally {
      for (const { end } of looks.values()) end.abort();
      await Promise.all([...looks.values()].map(({ done }) => done));
    }
  }

  async #find(resources: readonly GroupResource[], signal: AbortSignal): Promise<void> {
    const { lookup, clock, random } = this.#options;
    const backoff = new Backoff(patience, random);
    while (!signal.aborted) {
      for (const resource of resources.filter((one) => !this.#knows(one))) {
        try {
          const { kind, namespaced } = await lookup.resourceFor(resource, signal);
          this.#kinds.set(formatGroupResource(resource), { kind, namespaced });
        } catch (error) {
          if (signal.aborted) return;
          // The leader says so aloud, as it can do less without.
          this.#logger.debug("cannot look a main resource up", { resource: formatGroupResource(resource), error });
        }
      }
      if (resources.every((resource) => this.#knows(resource))) return;
      await sleep(clock, backoff.next(), signal).catch(() => undefined); // It only rejects when it is over.
    }
  }

  #knows(resource: GroupResource): boolean {
    return this.#kinds.has(formatGroupResource(resource));
  }
}
