import { formatGroupResource } from "../../../lib/k8s/api/resource.ts";
import { ApiError, isForbidden } from "../../../lib/k8s/errors.ts";
import type { Trouble } from "../../../lib/rings/mod.ts";
import type { Clock } from "../../../lib/util/clock/mod.ts";

/** A refusal is taken for over when it has not come again for so long, in milliseconds: all is tried again before. */
const memory = 120_000;

/** Refusals that are told apart at most. */
const mostRefusals = 20;

const verbs: Readonly<Record<string, string>> = { GET: "read", PATCH: "patch" };

/**
 * What API servers have refused to do lately although the sharder may do it: somebody else has a say in it, as an
 * admission webhook. It goes by what was asked for, as the words of the answer may be anybody's.
 */
export class Refusals {
  readonly #clock: Clock;
  readonly #refused = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Notes a failure. True when something was forbidden. */
  note(error: unknown): boolean {
    const refused = forbiddenIn(error);
    for (const request of refused) {
      const what = whatWasAsked(request);
      if (this.#refused.has(what) || this.#refused.size < mostRefusals) {
        this.#refused.set(what, this.#clock.monotonic());
      }
    }
    return refused.length > 0;
  }

  /** What is wrong, where the sharder has all permissions that it needs. */
  troubles(): readonly Trouble[] {
    for (const [what, at] of this.#refused) {
      if (this.#clock.monotonic() - at >= memory) this.#refused.delete(what);
    }
    if (this.#refused.size === 0) return [];
    return [{
      type: "PermissionsMissing",
      reason: "Refused",
      message:
        `The sharder is refused to ${[...this.#refused.keys()].sort().join(", ")}, although its roles allow it. ` +
        "Look for admission webhooks and policies that deny it, and except the sharder's service account",
    }];
  }

  /** Forgets everything: there is a better explanation. */
  clear(): void {
    this.#refused.clear();
  }
}

/** The requests behind an error that were forbidden, as `PATCH /api/v1/...`. */
function forbiddenIn(error: unknown, depth = 0): readonly string[] {
  if (!(error instanceof Error) || depth > 5) return [];
  const own = error instanceof ApiError && isForbidden(error) ? [error.request] : [];
  const parts = error instanceof AggregateError ? error.errors : [error.cause];
  return [...own, ...parts.flatMap((part) => forbiddenIn(part, depth + 1))];
}

/** As "patch secrets"; the request itself where it is not of the usual form. */
function whatWasAsked(request: string): string {
  const [method = "", url = ""] = request.split(" ", 2);
  const path = /^\/(?:api|apis\/(?<group>[^/]+))\/[^/]+(?:\/namespaces\/[^/]+)?\/(?<resource>[a-z0-9-]+)(?:[/?]|$)/
    .exec(url);
  const { group = "", resource } = path?.groups ?? {};
  if (resource === undefined) return request;
  return `${verbs[method] ?? method} ${formatGroupResource({ group, resource })}`;
}
