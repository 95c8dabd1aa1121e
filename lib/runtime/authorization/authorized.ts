import type { HttpHandler } from "../http_server.ts";
import type { DelegatedAuthorizer } from "./delegated_authorizer.ts";

/** Answers only requests that the API server allows: 401 without a good token, 403 without the right, 500 without its answer. */
export function authorized(handler: HttpHandler, authorizer: Pick<DelegatedAuthorizer, "check">): HttpHandler {
  return async (request) => {
    const verdict = await authorizer.check(request);
    switch (verdict.type) {
      case "allowed":
        return await handler(request);
      case "unauthorized":
        return text(401, "Unauthorized\n", { "www-authenticate": "Bearer" });
      case "forbidden":
        return text(403, `Authorization denied for user ${verdict.user}\n`);
      case "failed":
        return text(500, `${verdict.problem}\n`);
      case "busy":
        return text(503, "too many requests to authorize: try again later\n", { "retry-after": "1" });
    }
  };
}

function text(status: number, body: string, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(body, {
    status,
    headers: { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff", ...headers },
  });
}
