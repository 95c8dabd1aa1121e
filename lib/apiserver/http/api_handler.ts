import { getLogger, type Logger } from "../../util/log.ts";
import { anonymousUser, type User } from "../authentication/user_info.ts";
import { readImpersonation } from "../authentication/impersonation.ts";
import type { Answer, Call } from "../request/call.ts";
import { notAcceptable, StatusError } from "../status.ts";
import { readBytes } from "./read_bytes.ts";
import { answersIn, readRequest } from "./read_request.ts";
import { type Authenticate, userOf } from "./users.ts";
import { writeAnswer, writeError } from "./write_response.ts";

/** What answers requests of all faces. */
export interface RequestTarget {
  /** @throws StatusError for a refusal */
  handle(call: Call): Answer | Promise<Answer>;
  /** Knows tokens that it issued itself. */
  authenticate?(token: string): User | undefined;
}

/** Parts of an {@link apiHandler}. */
export interface ApiHandlerOptions {
  readonly server: RequestTarget;
  readonly authenticate: Authenticate;
  /** Who sends requests without a token; false: nobody, such requests get 401. @default `system:anonymous` */
  readonly anonymous?: User | false;
  /** Ends all watches when it aborts. */
  readonly closing: AbortSignal;
  readonly logger?: Logger;
}

/** Answers HTTP requests as an API server does. It is a plain function of the request, so it needs no port. */
export function apiHandler(options: ApiHandlerOptions): (request: Request) => Promise<Response> {
  const { logger = getLogger(["sharding", "apiserver"]) } = options;
  return async (request) => {
    const mediaType = answersIn(request.headers.get("accept") ?? "");
    try {
      const answer = await answerTo(request, options);
      return writeAnswer(answer, mediaType);
    } catch (error) {
      if (!request.bodyUsed) await discardBody(request, options.closing);
      if (error instanceof StatusError) return writeError(error, mediaType);
      logger.error("a request failed", { method: request.method, url: request.url, error });
      const why = error instanceof Error ? error.message : String(error);
      return writeError(new StatusError(500, "InternalError", `Internal error occurred: ${why}`, {}), mediaType);
    }
  };
}

/** Over HTTP/2 a client would get no answer while it is still sending. */
async function discardBody(request: Request, closing: AbortSignal): Promise<void> {
  try {
    await readBytes(request, 0, closing);
  } catch (error) {
    // That there was a body is no news, and the answer is there already.
    if (!(error instanceof StatusError)) throw error;
  }
}

async function answerTo(request: Request, options: ApiHandlerOptions): Promise<Answer> {
  const { server, anonymous = anonymousUser, closing } = options;
  const { headers } = request;
  const url = new URL(request.url);
  const authenticate: Authenticate = (token) => options.authenticate(token) ?? server.authenticate?.(token);
  const user = userOf(headers, authenticate, anonymous);
  const impersonate = readImpersonation(headers);
  refuseOnlyProtobuf(url.pathname, headers.get("accept") ?? "");
  // A client that goes away cancels the stream of its watch; other requests are short.
  const call = await readRequest(request, url, user, closing);
  const known = { ...call, authenticate: options.authenticate };
  return await server.handle(impersonate === undefined ? known : { ...known, impersonate });
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
