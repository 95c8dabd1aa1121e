import type { HttpMethods } from "../contract.ts";

/** What became of one attempt of a request. */
export interface RequestOutcome {
  /** What the request does in the words of Kubernetes, such as "list" or "deletecollection". */
  readonly verb: string;
  /** HTTP method. */
  readonly method: HttpMethods;
  /** Host and port of the server. */
  readonly host: string;
  /** HTTP status code as text; "<error>" when there was no answer, as in client-go's metrics. */
  readonly code: string;
  /** Seconds until the head of the answer had come. */
  readonly seconds: number;
  /** Path from the server's root, without query parameters. */
  readonly path: string;
}

/** Sees every attempt of every request of a client, for metrics. */
export interface RequestObserver {
  /** A request was answered, or failed. */
  onRequest(outcome: RequestOutcome): void;
}

/** The verb of a request in the words of Kubernetes' authorization. */
export function requestVerb(method: HttpMethods, path: string, query?: URLSearchParams): string {
  switch (method) {
    case "POST":
      return "create";
    case "PUT":
      return "update";
    case "PATCH":
      return "patch";
    case "OPTIONS":
    case "HEAD":
      return method.toLowerCase();
    case "DELETE":
      return isCollection(path) ? "deletecollection" : "delete";
    case "GET":
      if (query?.get("watch") === "true" || query?.get("watch") === "1") return "watch";
      return isCollection(path) ? "list" : "get";
  }
}

/** `/api/v1/...` and `/apis/<group>/<version>/...`, once without and once with `namespaces/<name>` before the resource. */
const resourcePath = /^\/(?:api\/[^/]+|apis\/[^/]+\/[^/]+)\/(?:namespaces\/[^/]+\/)?([^/]+)(\/.*)?$/;

function isCollection(path: string): boolean {
  const [, , rest] = resourcePath.exec(path) ?? [];
  return resourcePath.test(path) && rest === undefined && !/\/namespaces\/[^/]+$/.test(path);
}
