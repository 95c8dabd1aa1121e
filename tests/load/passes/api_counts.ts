import type { RestClient } from "../../../lib/k8s/contract.ts";

/** One kind of request to the API server, and how many of them it has answered. */
export interface RequestCount {
  /** As the API server's metrics have it: POST, PUT, PATCH, APPLY, DELETE, LIST, GET, WATCH. */
  readonly verb: string;
  /** Plural of the resource, without its group. */
  readonly resource: string;
  /** HTTP status. */
  readonly code: number;
  readonly count: number;
}

/** What the API server has done so far, by its own account. */
export interface ApiCounts {
  readonly requests: readonly RequestCount[];
  /** Calls of admission webhooks. */
  readonly admissions: number;
}

/** Reads the API server's metrics. It costs some CPU (a megabyte of text), so it is done before and after a step. */
export async function readApiCounts(client: RestClient, signal: AbortSignal): Promise<ApiCounts> {
  const bytes = await client.performRequest({ method: "GET", path: "/metrics", abortSignal: signal });
  return parseApiCounts(new TextDecoder().decode(bytes));
}

/** Finds what is of interest in the text of the API server's metrics. */
export function parseApiCounts(text: string): ApiCounts {
  const requests = new Map<string, RequestCount>();
  let admissions = 0;
  for (const line of text.split("\n")) {
    if (line.startsWith("apiserver_admission_webhook_request_total{")) admissions += valueOf(line);
    if (!line.startsWith("apiserver_request_total{")) continue;
    const { verb = "", resource = "", code = "" } = labelsOf(line);
    const key = `${verb} ${resource} ${code}`;
    // Sums over the labels that do not matter here: group, scope, subresource and so on.
    const count = (requests.get(key)?.count ?? 0) + valueOf(line);
    requests.set(key, { verb, resource, code: Number(code), count });
  }
  return { requests: [...requests.values()], admissions };
}

/** What was done between two readings; what did not happen is not listed. */
export function countsBetween(before: ApiCounts, after: ApiCounts): ApiCounts {
  const keyOf = ({ verb, resource, code }: RequestCount): string => `${verb} ${resource} ${code}`;
  const old = new Map(before.requests.map((request) => [keyOf(request), request.count]));
  return {
    requests: after.requests
      .map((request) => ({ ...request, count: request.count - (old.get(keyOf(request)) ?? 0) }))
      .filter(({ count }) => count !== 0),
    admissions: after.admissions - before.admissions,
  };
}

/** How many requests match. Each condition that is left out matches all. */
export function countOf(
  { requests }: ApiCounts,
  wanted: { readonly verbs?: readonly string[]; readonly resources?: readonly string[]; readonly code?: number },
): number {
  const { verbs, resources, code } = wanted;
  return requests
    .filter((request) =>
      (verbs?.includes(request.verb) ?? true) && (resources?.includes(request.resource) ?? true) &&
      (code === undefined || request.code === code)
    )
    .reduce((sum, { count }) => sum + count, 0);
}

/** The requests for some resources in one line, most of them first, such as `2463 PATCH secrets, 3 PATCH secrets 409`. */
export function formatRequests({ requests }: ApiCounts, resources: readonly string[]): string {
  return requests
    .filter(({ resource }) => resources.includes(resource))
    .toSorted((a, b) => b.count - a.count)
    .map(({ verb, resource, code, count }) => `${count} ${verb} ${resource}${code < 300 ? "" : ` ${code}`}`)
    .join(", ");
}

function labelsOf(line: string): Readonly<Record<string, string>> {
  const text = line.slice(line.indexOf("{") + 1, line.lastIndexOf("}"));
  return Object.fromEntries([...text.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = "", value = ""]) => [name, value]));
}

function valueOf(line: string): number {
  return Number(line.slice(line.lastIndexOf("}") + 1).trim().split(" ")[0]);
}
