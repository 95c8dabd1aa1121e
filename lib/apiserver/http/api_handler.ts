import { getLogger, type Logger } from "../../util/log.ts";
import { anonymousUser, type User } from "../authentication/user_info.ts";
import type { Answer, Call } from "../request/call.ts";
import { notAcceptable, notSupported, StatusError } from "../status.ts";
import { answersIn, readRequest } from "./read_request.ts";
import { selfSubjectReview, selfSubjectReviewPath } from "./self_subject_review.ts";
import { type Authenticate, userOf } from "./users.ts";
import { writeAnswer, writeError } from "./write_response.ts";

/** What answers requests of all faces. */
export interface RequestTarget {
  /** @throws StatusError for a refusal */
  handle(call: Call): Answer | Promise<Answer>;
}

/** Parts of an {@link apiHandler}. */
export interface ApiHandlerOptions {
  readonly server: RequestTarget;
  readonly authenticate: Authenticate;
  /** Who sends requests without a token. @default nobody: such requests get 401 */
  readonly anonymous?: User;
  /** Ends all watches when it aborts. */
  readonly closing: AbortSignal;
  /** The time, in milliseconds since the epoch. */
  readonly now: () => number;
  readonly logger?: Logger;
}

/** Paths that load balancers and probes ask for; they need no token. */
const open = /^\/(readyz|livez|healthz|version)$/;

/** Answers HTTP requests as an API server does. It is a plain function of the request, so it needs no port. */
export function apiHandler(options: ApiHandlerOptions): (request: Request) => Promise<Response> {
  const { logger = getLogger(["sharding", "apiserver"]) } = options;
  return async (request) => {
    const mediaType = answersIn(request.headers.get("accept") ?? "");
    try {
      const answer = await answerTo(request, options);
      return writeAnswer(answer, mediaType);
    } catch (error) {
      if (error instanceof StatusError) return writeError(error, mediaType);
      logger.error("a request failed", { method: request.method, url: request.url, error });
      const why = error instanceof Error ? error.message : String(error);
      return writeError(new StatusError(500, "InternalError", `Internal error occurred: ${why}`, {}), mediaType);
    }
  };
}

async function answerTo(request: Request, options: ApiHandlerOptions): Promise<Answer> {
  const { server, authenticate, anonymous, closing, now } = options;
  const { headers } = request;
  const url = new URL(request.url);
  const isOpen = request.method === "GET" && open.test(url.pathname);
  const user = isOpen ? anonymousUser : userOf(headers, authenticate, anonymous);
  if (headers.has("impersonate-user")) throw notSupported("impersonation");
  refuseOnlyProtobuf(url.pathname, headers.get("accept") ?? "");
  // A client that goes away cancels the stream of its watch; other requests are short.
  const call = await readRequest(request, url, user, closing);
  if (call.method === "POST" && call.path === selfSubjectReviewPath) {
    const time = new Date(now()).toISOString().replace(/\.\d+Z$/, "Z");
    return { type: "value", code: 201, value: selfSubjectReview(user, time) };
  }
  return await server.handle(call);
}

/** Handlers of resources look at the Accept header themselves; documents such as OpenAPI have one form only. */
function refuseOnlyProtobuf(path: string, accept: string): void {
  const types = accept.split(",").map((each) => each.split(";", 1).join().trim());
  const has = (pattern: RegExp): boolean => types.some((type) => pattern.test(type));
  if (!has(/protobuf/) || has(/^(application\/(json|yaml|\*)|\*\/\*)$/)) return;
  throw notAcceptable(
    `only the following media types are accepted: application/json, application/yaml (${path} has no protobuf)`,
  );
}
