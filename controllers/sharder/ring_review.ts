import pMap from "p-map";
import { formatGroupResource, type GroupResource } from "../../lib/k8s/api/resource.ts";
import type { RestClient } from "../../lib/k8s/contract.ts";
import { UnknownResourceError } from "../../lib/k8s/discovery.ts";
import { isForbidden, isNotFound } from "../../lib/k8s/errors.ts";
import type { RingSnapshot, RingTroubles, Trouble } from "../../lib/rings/mod.ts";
import { type ResourceAccess, reviewOwnAccess } from "../../lib/runtime/authorization/mod.ts";
import { leaseRingLabel } from "../../lib/sharding/names.ts";
import type { Clock } from "../../lib/util/clock/mod.ts";
import { accessTroubles, neededAccess } from "./rights/access.ts";
import type { Chore, ChoreContext } from "./chore.ts";
import { Refusals } from "./rights/refusals.ts";
import { isInScope, readsFor } from "./scope.ts";
import { resolveTargets, type ResourceLookup, type Target } from "./targets.ts";

/** What a {@link RingReview} works with. */
export interface RingReviewParts {
  readonly ring: string;
  readonly client: RestClient;
  readonly lookup: ResourceLookup;
  readonly troubles: Pick<RingTroubles, "set" | "conclude">;
  readonly clock: Clock;
  /** Pause between two reviews of a ring that has all that it needs, in milliseconds. */
  readonly period: number;
}

/** Pause between two reviews while something is missing, and the shortest one at all, in milliseconds. */
const [missingPeriod, shortestPeriod] = [30_000, 10_000];

/** Shards may take so long to start, or to come back, before anybody is told, in milliseconds. */
const patience = 30_000;

/** Questions that are asked at the same time. */
const concurrency = 5;

/**
 * Finds out what a ring lacks: resources that the API server serves, permissions of the sharder, and shards for its
 * objects. It asks (reviews store nothing), and changes nothing.
 */
export class RingReview implements Chore {
  readonly name = "review of what the ring needs";
  readonly #parts: RingReviewParts;
  readonly #refusals: Refusals;
  #reviewed = "";
  #reviewedAt = -Infinity;
  #period = 0;
  #withoutShardsSince: number | undefined;

  constructor(parts: RingReviewParts) {
    this.#parts = parts;
    this.#refusals = new Refusals(parts.clock);
  }

  /** Notes that something could not be done. */
  noteFailure(error: unknown): void {
    if (this.#refusals.note(error)) this.#period = shortestPeriod;
  }

  async run(context: ChoreContext, signal: AbortSignal): Promise<number> {
    const { ring, troubles, clock } = this.#parts;
    const pause = Math.min(await this.#reviewNeeds(context, signal), await this.#reviewOwners(context, signal));
    troubles.conclude(ring);
    return Math.max(pause - clock.monotonic(), 1);
  }

  /** @returns when it wants to be called again, by the monotonic clock. */
  async #reviewNeeds({ snapshot }: ChoreContext, signal: AbortSignal): Promise<number> {
    const { ring, client, lookup, troubles, clock, period } = this.#parts;
    const now = clock.monotonic();
    const { served, failures } = await resolveTargets(snapshot.ring, lookup, client, signal);
    const needed = neededAccess(snapshot.ring, (resource) => namespacesFor(resource, served, snapshot));
    const subject = JSON.stringify(needed);
    const isDue = subject !== this.#reviewed || now - this.#reviewedAt >= this.#period;
    const missing = missingResources(failures);
    if (!isDue) return this.#reviewedAt + this.#period;
    const denied = await this.#denied(needed, signal);
    if (denied?.length !== 0) this.#refusals.clear();
    troubles.set(ring, "resources", missing);
    troubles.set(
      ring,
      "permissions",
      denied === undefined ? [] : [...accessTroubles(ring, denied), ...this.#refusals.troubles()],
      denied === undefined ? ["PermissionsMissing"] : [],
    );
    const isWell = missing.length === 0 && denied?.length === 0 && this.#refusals.troubles().length === 0;
    [this.#reviewed, this.#reviewedAt, this.#period] = [subject, now, isWell ? period : missingPeriod];
    return now + this.#period;
  }

  /** What the sharder may not do of this; undefined when nobody says. */
  async #denied(
    needed: readonly ResourceAccess[],
    signal: AbortSignal,
  ): Promise<readonly ResourceAccess[] | undefined> {
    const { client } = this.#parts;
    try {
      const answers = await pMap(needed, (access) => reviewOwnAccess(client, access, signal), { concurrency, signal });
      return needed.filter((_access, index) => answers[index] === false);
    } catch (error) {
      signal.throwIfAborted();
      // Some clusters let nobody ask.
      if (isForbidden(error) || isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** @returns when it wants to be called again, by the monotonic clock. */
  async #reviewOwners({ snapshot, targets }: ChoreContext, signal: AbortSignal): Promise<number> {
    const { ring, troubles, clock } = this.#parts;
    if (snapshot.view.available > 0) {
      this.#withoutShardsSince = undefined;
      troubles.set(ring, "owners", []);
      return Infinity;
    }
    const now = clock.monotonic();
    const patientUntil = (this.#withoutShardsSince ??= now) + patience;
    if (now < patientUntil) {
      troubles.set(ring, "owners", [], ["ObjectsUnassigned"]);
      return patientUntil;
    }
    const hasObjects = await anyObject(targets, snapshot, signal);
    troubles.set(ring, "owners", hasObjects ? [withoutShards(ring)] : []);
    return now + missingPeriod;
  }
}

/** Where the sharder works on a resource; with roles for single namespaces it may do so only there. */
function namespacesFor(
  { group, resource }: GroupResource,
  served: readonly Target[],
  snapshot: RingSnapshot,
): readonly (string | undefined)[] {
  const target = served.find(({ groupResource }) =>
    groupResource.group === group && groupResource.resource === resource
  );
  // Nobody can say anything about what does not exist.
  return target === undefined ? [] : readsFor(target, snapshot.scope);
}

function missingResources(failures: readonly Error[]): readonly Trouble[] {
  const names = failures.flatMap(({ cause }) =>
    cause instanceof UnknownResourceError ? [formatGroupResource(cause.resource)] : []
  );
  if (names.length === 0) return [];
  const listed = [...new Set(names)].sort().join(", ");
  return [{
    type: "ResourcesMissing",
    reason: "NotServed",
    message: `The API server does not serve ${listed}, so nothing of that is sharded; all else is. ` +
      "Install the CustomResourceDefinition, or correct group and plural name in spec.resources",
  }];
}

function withoutShards(ring: string): Trouble {
  return {
    type: "ObjectsUnassigned",
    reason: "NoShardAvailable",
    message:
      "No shard is available, so nobody looks after the ring's objects. Start the shards, or see why they do not " +
      `renew their Leases (those with the label ${leaseRingLabel}=${ring})`,
  };
}

/** Has the ring an object at all? Looks no further than the first one. */
async function anyObject(targets: readonly Target[], snapshot: RingSnapshot, signal: AbortSignal): Promise<boolean> {
  for (const target of targets) {
    if (target.role !== "main") continue;
    for (const namespace of readsFor(target, snapshot.scope)) {
      try {
        for await (const { items } of target.objects.inNamespace(namespace).pages({ signal })) {
          if (items.some((object) => isInScope(object, snapshot.selectsNamespace))) return true;
        }
      } catch (error) {
        if (!isForbidden(error)) throw error; // That is told otherwise.
      }
    }
  }
  return false;
}
