import { ApiConnection, type ApiServer } from "./api_connection.ts";
import { percentile } from "./statistics.ts";

/** What to create, and how fast. */
export interface CreateOptions {
  /** Where objects of the kind are created, for example `/api/v1/namespaces/default/secrets`. */
  readonly path: string;
  readonly count: number;
  /** Requests at once, each on a connection of its own. */
  readonly concurrency: number;
  /** The object of a number from 0. */
  readonly object: (index: number) => unknown;
  /** Sees the object of each answer; parsing it costs CPU. @default answers are not parsed */
  readonly onCreated?: (object: unknown, index: number) => void;
  readonly signal: AbortSignal;
}

/** How the creation went. Times are in milliseconds. */
export interface Creation {
  readonly seconds: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

/** Creates objects at a steady concurrency. @throws {Error} at the first that is refused */
export async function createObjects(server: ApiServer, options: CreateOptions): Promise<Creation> {
  const { path, count, concurrency, object, onCreated, signal } = options;
  const times = new Float64Array(count);
  let next = 0;
  async function work(connection: ApiConnection): Promise<void> {
    while (next < count) {
      signal.throwIfAborted();
      const index = next++;
      const body = JSON.stringify(object(index));
      const begin = performance.now();
      const answer = await connection.request("POST", path, body);
      times[index] = performance.now() - begin;
      if (answer.status !== 201) throw new Error(`POST ${path}: ${answer.status} ${answer.body}`);
      onCreated?.(JSON.parse(answer.body), index);
    }
  }
  using stack = new globalThis.DisposableStack();
  const opened = await Promise.all(Array.from({ length: concurrency }, () => ApiConnection.open(server)));
  const connections = opened.map((connection) => stack.use(connection));
  const begin = performance.now();
  await Promise.all(connections.map(work));
  const seconds = (performance.now() - begin) / 1_000;
  return { seconds, perSecond: count / seconds, p50: percentile(times, 0.5), p99: percentile(times, 0.99) };
}

/** The data of the measured Secrets: 300 bytes, as those that the reference was measured with. */
const value = btoa("0123456789abcdefghijklmnopqrst".repeat(10));

/** A Secret with 300 bytes of data. */
export function secretOf(name: string, labels?: Readonly<Record<string, string>>): unknown {
  const metadata = { name, ...labels === undefined ? {} : { labels } };
  return { apiVersion: "v1", kind: "Secret", metadata, data: { value } };
}
