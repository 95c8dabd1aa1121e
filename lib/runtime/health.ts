import { type Clock, deadline } from "../util/clock/mod.ts";
import { describeError } from "../util/log.ts";
import type { HttpHandler } from "./http_server.ts";

/** One check: returns, or resolves, when all is well; throws an error that says what is not. */
export type HealthCheck = (signal: AbortSignal) => void | Promise<void>;

/** Checks by name. */
export type HealthChecks = Readonly<Record<string, HealthCheck>>;

/** The check that holds while the process answers at all. */
export function ping(): void {}

/** What a health server answers. */
export interface HealthOptions {
  /** Checks of each endpoint by its path without slash, such as `{ healthz: { ping }, readyz: { "cache-sync": ... } }`. */
  readonly endpoints: Readonly<Record<string, HealthChecks>>;
  readonly clock: Clock;
  /** Milliseconds after which a check that has not answered counts as failed. @default 1_000 */
  readonly timeout?: number;
}

type Result = "ok" | "failed" | "excluded";

/**
 * Answers probes the way Kubernetes components do: `/healthz` says "ok", or lists the checks with `[+]` and `[-]` when
 * one fails (status 500) or `?verbose` asks for it; `?exclude=name` leaves a check out; `/healthz/name` is one check
 * with its error. The list withholds the errors, as Kubernetes' own does.
 */
export function healthHandler(options: HealthOptions): HttpHandler {
  const endpoints = new Map(
    Object.entries(options.endpoints).map(([name, checks]) => {
      // An endpoint without checks of its own says that the process answers.
      const entries = Object.entries(checks).sort(([a], [b]) => a < b ? -1 : 1);
      return [name, new Map<string, HealthCheck>(entries.length === 0 ? [["ping", ping]] : entries)];
    }),
  );
  return async (request) => {
    const url = new URL(request.url);
    const [, endpoint = "", name = "", ...rest] = url.pathname.split("/");
    const checks = endpoints.get(endpoint);
    if (checks === undefined || rest.length > 0) return text(404, "404 page not found\n");
    if (request.method !== "GET" && request.method !== "HEAD") {
      return text(405, "method not allowed: use GET\n", { allow: "GET, HEAD" });
    }
    if (name === "") return await answerAll(endpoint, checks, url.searchParams, options);
    const check = checks.get(name);
    if (check === undefined) return text(404, "404 page not found\n");
    const problem = await problemOf(check, name, options);
    return problem === undefined ? text(200, "ok") : text(500, `internal server error: ${problem}\n`);
  };
}

async function answerAll(
  endpoint: string,
  checks: ReadonlyMap<string, HealthCheck>,
  query: URLSearchParams,
  options: HealthOptions,
): Promise<Response> {
  const excluded = new Set(query.getAll("exclude"));
  const results = await Promise.all([...checks].map(async ([name, check]): Promise<[string, Result]> => {
    if (excluded.has(name)) return [name, "excluded"];
    return [name, await problemOf(check, name, options) === undefined ? "ok" : "failed"];
  }));
  const failed = results.some(([, result]) => result === "failed");
  if (!failed && !query.has("verbose")) return text(200, "ok");
  const unknown = [...excluded].filter((name) => !checks.has(name)).map((name) => JSON.stringify(name));
  const lines = results.map(([name, result]) => describe(name, result));
  if (unknown.length > 0) {
    lines.push(`warn: some health checks cannot be excluded: no matches for ${unknown.join(", ")}`);
  }
  lines.push(`${endpoint} check ${failed ? "failed" : "passed"}`);
  return text(failed ? 500 : 200, `${lines.join("\n")}\n`);
}

function describe(name: string, result: Result): string {
  switch (result) {
    case "ok":
      return `[+]${name} ok`;
    case "excluded":
      return `[+]${name} excluded: ok`;
    case "failed":
      return `[-]${name} failed: reason withheld`;
  }
}

/** What a check finds wrong; undefined when nothing is. */
async function problemOf(check: HealthCheck, name: string, options: HealthOptions): Promise<string | undefined> {
  const { clock, timeout = 1_000 } = options;
  using limit = deadline(clock, timeout, `the check "${name}"`);
  try {
    const late = Promise.withResolvers<never>();
    limit.signal.addEventListener("abort", () => late.reject(limit.signal.reason), { once: true });
    await Promise.race([Promise.resolve(check(limit.signal)), late.promise]);
    return undefined;
  } catch (error) {
    return describeError(error);
  }
}

function text(status: number, body: string, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(body, {
    status,
    headers: { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff", ...headers },
  });
}
