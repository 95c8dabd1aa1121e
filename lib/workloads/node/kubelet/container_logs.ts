import type { ContainerLog } from "../logs/container_log.ts";
import { type LogQuery, parseLogQuery, renderEntry, selectEntries } from "../logs/log_query.ts";
import type { LogEntry } from "../logs/log_entry.ts";

/** The log of a container, and what its state says about logs that are not there. */
export interface LogSource {
  readonly log: ContainerLog;
  /** Why the container waits, such as "ContainerCreating", if it does. */
  readonly waitingFor: string | undefined;
}

/** Finds a container's log: undefined for an unknown pod, "no container" for an unknown container. */
export type FindLog = (namespace: string, pod: string, container: string) => LogSource | "no container" | undefined;

/**
 * Answers `GET /containerLogs/{namespace}/{pod}/{container}` as a kubelet does: API servers pass `kubectl logs` on to
 * there. Any other path gets 404.
 * @param now milliseconds since the epoch.
 */
export async function containerLogs(request: Request, find: FindLog, now: number): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  const [, namespace, pod, container] = /^\/containerLogs\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(pathname) ?? [];
  if (namespace === undefined || pod === undefined || container === undefined) return text(404, "404 page not found");
  if (request.method !== "GET") return text(405, "only GET");
  const source = find(decodeURIComponent(namespace), decodeURIComponent(pod), decodeURIComponent(container));
  if (source === undefined) return text(404, `pod "${pod}" not found in namespace "${namespace}"`);
  if (source === "no container") return text(404, `container "${container}" not found in pod "${pod}"`);
  let query: LogQuery;
  try {
    query = parseLogQuery(searchParams, now);
  } catch (error) {
    return text(422, error instanceof Error ? error.message : String(error));
  }
  const reading = await source.log.open(query.previous);
  if (reading === undefined) {
    return text(
      400,
      query.previous
        ? `previous terminated container "${container}" in pod "${pod}" not found`
        : `container "${container}" in pod "${pod}" is waiting to start: ${source.waitingFor ?? "ContainerCreating"}`,
    );
  }
  const headers = { "content-type": "text/plain", "cache-control": "no-store" };
  const body = render(selectEntries(reading.entries, query), query.follow ? reading.live : undefined, query);
  return new Response(asStream(body, () => reading.close(), request.signal), { headers });
}

async function* render(
  entries: readonly LogEntry[],
  live: AsyncIterable<LogEntry> | undefined,
  query: LogQuery,
): AsyncGenerator<Uint8Array, void, undefined> {
  const encoder = new TextEncoder();
  const unfinished = new Set<string>();
  let left = query.limitBytes ?? Infinity;
  const bytesOf = (some: readonly LogEntry[]): Uint8Array => {
    const rendered = some.map((entry) => {
      const line = renderEntry(entry, query.timestamps, unfinished.has(entry.stream));
      if (entry.partial) unfinished.add(entry.stream);
      else unfinished.delete(entry.stream);
      return line;
    });
    const bytes = encoder.encode(rendered.join("")).subarray(0, left);
    left -= bytes.length;
    return bytes;
  };
  for (let start = 0; start < entries.length && left > 0; start += 1_000) {
    yield bytesOf(entries.slice(start, start + 1_000));
  }
  if (live === undefined || left <= 0) return;
  for await (const entry of live) {
    if (query.stream !== undefined && entry.stream !== query.stream) continue;
    yield bytesOf([entry]);
    if (left <= 0) return;
  }
}

/** Reads only as fast as the client does; what it gives up ends the source. */
function asStream(
  source: AsyncGenerator<Uint8Array, void, undefined>,
  close: () => void,
  signal: AbortSignal,
): ReadableStream<Uint8Array> {
  signal.addEventListener("abort", close, { once: true });
  const end = (): void => {
    signal.removeEventListener("abort", close);
    close();
  };
  return new ReadableStream({
    async pull(controller): Promise<void> {
      const { done, value } = await source.next();
      if (done !== true) return controller.enqueue(value);
      end();
      controller.close();
    },
    cancel: end,
  });
}

function text(status: number, message: string): Response {
  return new Response(`${message}\n`, { status, headers: { "content-type": "text/plain" } });
}
