import { createHash } from "node:crypto";
import type { RestClient } from "../../k8s/contract.ts";
import { type Clock, deadline } from "../../util/clock/mod.ts";
import { getLogger, type Logger } from "../../util/log.ts";
import { ExpiringCache } from "./expiring_cache.ts";
import { reviewAccess, reviewToken, type User } from "./reviews.ts";

/** How to authorize. Times are in milliseconds. */
export interface DelegatedAuthorizerOptions {
  /** May create TokenReviews and SubjectAccessReviews. */
  readonly client: RestClient;
  readonly clock: Clock;
  /** How long it is remembered whose a token is. @default 60_000, as in the reference */
  readonly tokenTtl?: number;
  /** How long it is remembered that a user may do something. @default 300_000, as in the reference */
  readonly allowTtl?: number;
  /** How long it is remembered that a user may not. @default 30_000, as in the reference */
  readonly denyTtl?: number;
  /** Tokens, and answers about users, that are remembered. @default 1_000 */
  readonly capacity?: number;
  /** Questions to the API server that may be under way: anybody may send us tokens. @default 20 */
  readonly concurrency?: number;
  /** How long the API server may take for an answer. @default 10_000 */
  readonly timeout?: number;
  readonly logger?: Logger;
}

/** What to do with a request. */
export type Verdict =
  | { readonly type: "allowed"; readonly user: string }
  /** No token, or one that the API server does not know. */
  | { readonly type: "unauthorized" }
  | { readonly type: "forbidden"; readonly user: string }
  /** The API server could not be asked. */
  | { readonly type: "failed"; readonly problem: string }
  /** Too many questions are under way. */
  | { readonly type: "busy" };

/** What the API server says to everybody who has no token. */
const anonymous = "system:anonymous";

/**
 * Lets the API server say who may send a request: a TokenReview of its bearer token, then a SubjectAccessReview of the
 * user for the lower-case method on the path. There is no access without a token.
 */
export class DelegatedAuthorizer {
  readonly #client: RestClient;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #ttl: { readonly token: number; readonly allow: number; readonly deny: number };
  readonly #concurrency: number;
  readonly #timeout: number;
  /** By a hash of the token, so that none is kept; null: it is nobody's. */
  readonly #users: ExpiringCache<User | null>;
  readonly #access: ExpiringCache<boolean>;
  /** Questions under way, so that none is asked twice at the same time. */
  readonly #tokenReviews = new Map<string, Promise<User | undefined>>();
  readonly #accessReviews = new Map<string, Promise<boolean>>();

  constructor(options: DelegatedAuthorizerOptions) {
    const { client, clock, tokenTtl = 60_000, allowTtl = 300_000, denyTtl = 30_000, capacity = 1_000 } = options;
    const { concurrency = 20, timeout = 10_000, logger = getLogger(["sharding", "authorization"]) } = options;
    this.#client = client;
    this.#clock = clock;
    this.#logger = logger;
    this.#ttl = { token: tokenTtl, allow: allowTtl, deny: denyTtl };
    this.#concurrency = concurrency;
    this.#timeout = timeout;
    this.#users = new ExpiringCache(clock, capacity);
    this.#access = new ExpiringCache(clock, capacity);
  }

  /** May this request be answered? Never throws. */
  async check(request: Request): Promise<Verdict> {
    const token = bearerToken(request.headers.get("authorization"));
    if (token === undefined) return { type: "unauthorized" };
    let user: User | undefined;
    try {
      user = await this.#userOf(token);
      if (user === undefined || user.name === anonymous) return { type: "unauthorized" };
      const allowed = await this.#mayUser(user, request.method.toLowerCase(), new URL(request.url).pathname);
      return { type: allowed ? "allowed" : "forbidden", user: user.name };
    } catch (error) {
      if (error instanceof BusyError) return { type: "busy" };
      this.#logger.error("cannot ask the API server whether a request is allowed", { user: user?.name, error });
      return { type: "failed", problem: user === undefined ? "Authentication failed" : "Authorization failed" };
    }
  }

  async #userOf(token: string): Promise<User | undefined> {
    const key = digest(token);
    const known = this.#users.get(key);
    if (known !== undefined) return known ?? undefined;
    return await this.#once(this.#tokenReviews, key, async (signal) => {
      const user = await reviewToken(this.#client, token, signal);
      this.#users.set(key, user ?? null, this.#ttl.token);
      return user;
    });
  }

  async #mayUser(user: User, verb: string, path: string): Promise<boolean> {
    const key = digest(JSON.stringify([user, verb, path]));
    const known = this.#access.get(key);
    if (known !== undefined) return known;
    return await this.#once(this.#accessReviews, key, async (signal) => {
      const allowed = await reviewAccess(this.#client, user, verb, path, signal);
      this.#access.set(key, allowed, allowed ? this.#ttl.allow : this.#ttl.deny);
      return allowed;
    });
  }

  /** Asks, or waits for the answer to the same question. */
  #once<T>(reviews: Map<string, Promise<T>>, key: string, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const known = reviews.get(key);
    if (known !== undefined) return known;
    if (this.#tokenReviews.size + this.#accessReviews.size >= this.#concurrency) throw new BusyError();
    const limit = deadline(this.#clock, this.#timeout, "a review by the API server");
    const asked = ask(limit.signal).finally(() => {
      limit[Symbol.dispose]();
      reviews.delete(key);
    });
    reviews.set(key, asked);
    return asked;
  }
}

class BusyError extends Error {}

/** RFC 6750: the scheme in any case, then the token. */
function bearerToken(header: string | null): string | undefined {
  const [, token] = /^bearer +([^\s]+) *$/i.exec(header ?? "") ?? [];
  return token;
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("base64");
}
