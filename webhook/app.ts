import type { HttpHandler } from "../lib/runtime/http_server.ts";
import { ringOfWebhookPath, webhookPath } from "../lib/sharding/names.ts";
import type { Clock } from "../lib/util/clock/mod.ts";
import { bytesInPieces } from "../lib/util/in_pieces.ts";
import { getLogger, type Logger } from "../lib/util/log.ts";
import type { Random } from "../lib/util/random.ts";
import { encodePass } from "./admission_review.ts";
import { BodyReader, declaredLength, type Unread } from "./body.ts";
import { type Assignment, handleReview, type OwnerScopes, type ReviewOutcome, type RingLookup } from "./handler.ts";
import { readHead } from "./review_head.ts";

/** What became of a request. */
export type AdmissionOutcome =
  | ReviewOutcome
  /** Let through without a look, as too many requests were under way. */
  | "shed"
  /** No review, or one that did not arrive: an HTTP error. */
  | "refused";

/** One answered request. */
export interface AdmissionReport {
  /** As the path names it: anybody may send anything. */
  readonly ring: string;
  readonly outcome: AdmissionOutcome;
  /** HTTP status. */
  readonly status: number;
  /** Until the answer was there, with the reading of the request. */
  readonly seconds: number;
}

/** Is told what the webhook does. */
export interface AdmissionObserver {
  /** An object was given to a shard (dry runs do not count). */
  onAssignment?(assignment: Assignment): void;
  /** A request was answered. */
  onRequest?(report: AdmissionReport): void;
}

/** An answer and what it means. */
interface Reply {
  readonly response: Response;
  readonly outcome: AdmissionOutcome;
}

/** What the webhook works with. */
export interface WebhookAppOptions {
  readonly lookup: RingLookup;
  /** Where the owners of controlled objects lie. @default as the reference has it: all of them in namespaces */
  readonly isClusterScoped?: OwnerScopes;
  /** Makes the names of objects that have only a `generateName`. */
  readonly random: Random;
  readonly clock: Clock;
  readonly observer?: AdmissionObserver;
  readonly logger?: Logger;
  /** Bytes that a request may have. @default 7 MiB, more than twice what the API server takes */
  readonly bodyLimit?: number;
  /** Milliseconds that a client gets to send its request; up to twice as many until that is noticed. @default 10_000 */
  readonly bodyTimeout?: number;
  /**
   * Requests that may be under way; more are let through unassigned, and beyond four times as many turned away unread,
   * which `failurePolicy: Ignore` covers. @default 1_000
   */
  readonly maxRequests?: number;
  /** Bytes that the requests under way may have together; more are let through unassigned. @default 32 MiB */
  readonly maxBytes?: number;
}

/** The webhook's routes as one request handler. Dispose it when its server is closed. */
export interface WebhookApp extends Disposable {
  readonly handle: HttpHandler;
  /** Requests under way. */
  readonly inFlight: number;
}

const mebibyte = 1_048_576;
const jsonHeaders = { "content-type": "application/json" };

/** What a request counts for at first that does not say how large it is. */
const usualBytes = 65_536;

/** Enough for all that comes before the uid in a review that the API server writes. */
const headBytes = 4_096;

/**
 * Serves `POST /webhooks/sharder/controllerring/<ring>`. Reviews are always answered with status 200 and "allowed"; what
 * is no review gets an HTTP error (404, 405, 408, 413, 415, 400), which the webhook's `failurePolicy: Ignore` covers.
 *
 * There is one route, and each request pays for what stands between it and its answer, so it is matched by hand: a
 * router in front of it cost 3 to 17 ms of CPU per 1,000 requests over TLS (measured with hono in front of it).
 */
export function webhookApp(options: WebhookAppOptions): WebhookApp {
  const { lookup, isClusterScoped, random, clock, observer, logger = getLogger(["sharding", "webhook"]) } = options;
  const { bodyLimit = 7 * mebibyte, bodyTimeout = 10_000, maxRequests = 1_000, maxBytes = 32 * mebibyte } = options;
  const turnedAway = 4 * Math.max(maxRequests, 1);
  const bodies = new BodyReader(clock, bodyLimit, bodyTimeout);
  let requests = 0;
  let bytes = 0;

  /** A mistake of who listens keeps no answer from its request. */
  function tell(what: { readonly assignment: Assignment } | { readonly report: AdmissionReport }): void {
    try {
      if ("report" in what) observer?.onRequest?.(what.report);
      else observer?.onAssignment?.(what.assignment);
    } catch (error) {
      logger.error("cannot note what became of an admission review", { error });
    }
  }

  async function review(
    request: Request,
    ring: string,
    length: number | undefined,
    room: (bytes: number) => boolean,
  ): Promise<Reply> {
    const body = await bodies.review(request, length, room);
    if (body.type === "no room") return unread(body.text);
    if (body.type === "no json") return refused(badRequest("the body is not JSON"));
    if (body.type !== "json") return refused(refuse(body));
    const verdict = handleReview(body.value, ring, lookup, random, isClusterScoped);
    if (verdict.type === "malformed") return refused(badRequest(verdict.problem));
    const { outcome, error, uid, assignment } = verdict;
    if (error !== undefined) logger.error("cannot handle an admission review", { ring, uid, error });
    if (assignment !== undefined) tell({ assignment });
    return { response: answer(verdict.body), outcome };
  }

  /** Costs little: the body is read, as HTTP asks for it, but not kept or parsed. */
  async function shed(request: Request): Promise<Reply> {
    const body = await bodies.head(request, headBytes);
    return body.type === "text" || body.type === "no room" ? unread(body.text) : refused(refuse(body));
  }

  function unread(beginning: string): Reply {
    const head = readHead(beginning);
    const response = head === undefined
      ? tooMany()
      : answer(encodePass(head.envelope, head.uid, "too many requests, not assigned"));
    return { response, outcome: "shed" };
  }

  async function limited(request: Request, ring: string): Promise<Response> {
    if (requests >= turnedAway) {
      tell({ report: { ring, outcome: "shed", status: 503, seconds: 0 } });
      return tooMany();
    }
    const length = declaredLength(request);
    const size = Math.min(length ?? usualBytes, bodyLimit);
    const overloaded = requests >= maxRequests || bytes + size > Math.max(maxBytes, size);
    let kept = overloaded ? headBytes : size;
    function room(total: number): boolean {
      const more = Math.max(0, total - kept);
      // The only body may be as large as any may be.
      if (more > 0 && bytes > kept && bytes + more > maxBytes) return false;
      kept += more;
      bytes += more;
      return true;
    }
    requests++;
    bytes += kept;
    const begin = clock.monotonic();
    try {
      const { response, outcome } = await (overloaded ? shed(request) : review(request, ring, length, room));
      const seconds = (clock.monotonic() - begin) / 1_000;
      tell({ report: { ring, outcome, status: response.status, seconds } });
      return response;
    } finally {
      requests--;
      bytes -= kept;
    }
  }

  return {
    handle(request): Response | Promise<Response> {
      const ring = ringOfWebhookPath(pathOf(request.url));
      if (ring === undefined) return text(404, `not found: webhooks are at ${webhookPath("<ring>")}\n`);
      const unfit = unfitness(request);
      if (unfit === undefined) return limited(request, ring);
      tell({ report: { ring, outcome: "refused", status: unfit.status, seconds: 0 } });
      return unfit;
    },
    get inFlight(): number {
      return requests;
    },
    [Symbol.dispose]: () => bodies[Symbol.dispose](),
  };
}

/** The refusal of a request that is no review by its head already. */
function unfitness(request: Request): Response | undefined {
  if (request.method !== "POST") return text(405, "method not allowed: use POST\n", { allow: "POST" });
  if (isJson(request.headers.get("content-type"))) return undefined;
  return text(415, "unsupported media type: use application/json\n");
}

function refused(response: Response): Reply {
  return { response, outcome: "refused" };
}

/** The path as the client wrote it, without the query (the API server adds `?timeout=`). */
function pathOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  const end = url.indexOf("?", start);
  return end < 0 ? url.slice(start) : url.slice(start, end);
}

function isJson(contentType: string | null): boolean {
  return contentType === "application/json" ||
    (contentType !== null && /^application\/json\s*(;|$)/i.test(contentType));
}

function refuse(body: Exclude<Unread, { type: "no room" }>): Response {
  switch (body.type) {
    case "too large":
      return text(413, `the request is too large: at most ${body.limit} bytes are read\n`);
    case "too slow":
      return text(408, "the request did not arrive in time\n");
    case "broken":
      return badRequest("the body ended early");
  }
}

/** Characters of an answer (ASCII but for odd names) that Deno's TLS server sends together with its head of 109 bytes. */
const onePacket = 400;

/**
 * Deno's TLS server (2.9.6) writes a body that it has whole in a second packet when head and body have more than 512
 * bytes together, which then waits for the client's delayed acknowledgement of the first: measured, 44 ms for each request
 * on a connection that is kept alive. A stream of pieces does not wait, but costs more than a short body: 85 instead of
 * 50 ms of CPU per 1,000 requests. So answers are kept short: a patch has one operation and comes without a message, and
 * fits up to about 75 characters of ring and shard names together.
 */
function answer(body: string): Response {
  const whole = body.length <= onePacket;
  return new Response(whole ? body : bytesInPieces(new TextEncoder().encode(body)), { headers: jsonHeaders });
}

function tooMany(): Response {
  return text(503, "too many requests: try again later\n", { "retry-after": "1" });
}

function badRequest(problem: string): Response {
  return text(400, `not an AdmissionReview: ${problem}\n`);
}

function text(status: number, body: string, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(body, { status, headers: { "content-type": "text/plain; charset=utf-8", ...headers } });
}
