import pMap from "p-map";
import type { RestClient } from "../../lib/k8s/contract.ts";
import type { Rings } from "../../lib/rings/mod.ts";
import type { RingTroubles, Trouble } from "../../lib/rings/troubles.ts";
import { type ResourceAccess, reviewOwnAccess } from "../../lib/runtime/authorization/mod.ts";
import type { Runnable } from "../../lib/runtime/runnable.ts";
import { type Clock, sleep } from "../../lib/util/clock/mod.ts";
import { getLogger, type Logger } from "../../lib/util/log.ts";
import { listAccesses } from "../sharder/rights/access.ts";
import { type AccessSettings, isDispensable, type NeededAccess, ownAccess } from "./own_access.ts";

/** What an {@link OwnReview} works with. */
export interface OwnReviewParts {
  readonly rings: Pick<Rings, "get" | "list" | "changes" | "whenReady">;
  readonly client: RestClient;
  readonly troubles: Pick<RingTroubles, "set">;
  readonly settings: AccessSettings;
  readonly clock: Clock;
  readonly logger?: Logger;
}

/** Pauses between two reviews, in milliseconds: while something is missing, and while nothing is. */
const [missingPeriod, grantedPeriod] = [30_000, 120_000];

/** Questions to the API server that are under way at the same time. */
const concurrency = 5;

/** Who says it. What is said of a ring's own resources comes before. */
const source = "sharder's permissions";

/**
 * Asks the API server whether the sharder may do what it needs to for all rings (SelfSubjectAccessReview, which everybody
 * may create), and says in each ring's troubles what is missing. Nothing waits for the answers: whoever is refused does
 * what is to be done in another way, as far as there is one.
 */
export class OwnReview implements Runnable {
  readonly name = "review of the sharder's permissions";
  readonly #parts: OwnReviewParts;
  readonly #logger: Logger;
  /** What is missing; undefined while nobody knows. */
  #missing: readonly ResourceAccess[] | undefined;

  constructor(parts: OwnReviewParts) {
    this.#parts = parts;
    this.#logger = parts.logger ?? getLogger(["sharding", "permissions"]);
  }

  async run(signal: AbortSignal): Promise<void> {
    try {
      await this.#parts.rings.whenReady(signal);
      await Promise.all([this.#reviewSoOften(signal), this.#tellNewRings(signal)]);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #reviewSoOften(signal: AbortSignal): Promise<void> {
    const { clock, rings, settings } = this.#parts;
    while (!signal.aborted) {
      this.#missing = await this.#review(ownAccess(settings), signal) ?? this.#missing;
      for (const { ring } of [...rings.list()]) this.#tell(ring.metadata.name);
      await sleep(clock, this.#missing?.length === 0 ? grantedPeriod : missingPeriod, signal);
    }
  }

  async #tellNewRings(signal: AbortSignal): Promise<void> {
    for await (const { ring, kind } of this.#parts.rings.changes(signal)) if (kind === "spec") this.#tell(ring);
  }

  #tell(ring: string): void {
    const { rings, troubles } = this.#parts;
    if (rings.get(ring) === undefined) return;
    const missing = this.#missing;
    if (missing === undefined) troubles.set(ring, source, [], ["PermissionsMissing"]);
    else troubles.set(ring, source, missing.length === 0 ? [] : [troubleOf(missing)]);
  }

  /** What is missing; undefined when the API server does not say. */
  async #review(needed: readonly NeededAccess[], signal: AbortSignal): Promise<readonly ResourceAccess[] | undefined> {
    const { client } = this.#parts;
    try {
      const denied = await pMap(needed, async (ways) => {
        for (const access of ways) if (await reviewOwnAccess(client, access, signal)) return [];
        return ways.slice(0, 1);
      }, { concurrency, signal });
      return denied.flat();
    } catch (error) {
      signal.throwIfAborted();
      this.#logger.debug("cannot ask the API server what the sharder may do", { error });
      return undefined;
    }
  }
}

function troubleOf(missing: readonly ResourceAccess[]): Trouble {
  const isDegraded = missing.every(isDispensable);
  const effect = isDegraded
    ? "It does without, which takes longer in some cases (docs/installation.md)"
    : "What needs that is not done";
  return {
    type: "PermissionsMissing",
    reason: isDegraded ? "Degraded" : "Forbidden",
    message: `The sharder itself may not ${listAccesses(missing)}. ${effect}. Apply deploy/rbac`,
  };
}
