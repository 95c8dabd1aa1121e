import { sleep, systemClock as clock } from "../../lib/util/clock/mod.ts";
import { cpuMeter } from "./process_stats.ts";
import { MissingToolError } from "./line.ts";
import { percentile } from "./statistics.ts";

/** How to load an HTTPS server. */
export interface LoadOptions {
  readonly url: string;
  /** File that is sent with POST as JSON. */
  readonly body: string;
  readonly connections: number;
  /** Requests at once on each connection. @default {1} */
  readonly streams?: number | undefined;
  /** Requests in a second, over all connections. @default as many as the server answers */
  readonly perSecond?: number;
  /** HTTP/1.1 instead of HTTP/2. @default {false} */
  readonly http1?: boolean | undefined;
  /** Seconds that are measured. */
  readonly seconds: number;
  /** Seconds before that. @default {1} */
  readonly warmUp?: number;
  /** The server's process. */
  readonly pid: number;
  /** For the log of all requests. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

/** How a server bore it. Latencies are in milliseconds. */
export interface Loaded {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** Milliseconds of the server's CPU for 1,000 requests, in the steady part of the load. */
  readonly cpu: number;
}

/** Seconds at either end that do not count for the CPU: connections are opened and closed there. */
const margin = 0.25;

/**
 * Loads a server over TLS with h2load, one request after the other on each stream.
 * @throws MissingToolError when there is no h2load. @throws {Error} when a request was not answered with success
 */
export async function loadServer(options: LoadOptions): Promise<Loaded> {
  const { url, body, connections, streams = 1, http1 = false, perSecond, seconds, warmUp = 1, pid, folder, signal } =
    options;
  // One for each run, as h2load adds to what is there.
  const log = await Deno.makeTempFile({ dir: folder, prefix: "h2load-" });
  const child = spawn([
    ...http1 ? ["--h1"] : [],
    `--duration=${seconds}`,
    `--warm-up-time=${warmUp}`,
    `--clients=${connections}`,
    `--max-concurrent-streams=${streams}`,
    ...perSecond === undefined ? [] : [`--rps=${perSecond / connections}`],
    `--data=${body}`,
    "--header=content-type: application/json",
    `--log-file=${log}`,
    url,
  ], signal);
  const [output, steady] = await Promise.all([child.output(), measureSteady(pid, warmUp, seconds, signal)]);
  signal.throwIfAborted();
  const text = new TextDecoder().decode(output.stdout);
  if (!output.success) throw new Error(`h2load: ${text}${new TextDecoder().decode(output.stderr)}`);
  const requests = parseLog(await Deno.readTextFile(log));
  const failures = requests.filter(({ status }) => status < 200 || status > 299).length;
  if (requests.length === 0 || failures > 0) {
    throw new Error(`h2load ${url}: ${failures} of ${requests.length} requests failed\n${text}`);
  }
  const counted = requests.filter(({ end }) => end >= steady.begin && end < steady.end).length;
  const times = Float64Array.from(requests, ({ duration }) => duration / 1_000);
  return {
    perSecond: requests.length / seconds,
    p50: percentile(times, 0.5),
    p99: percentile(times, 0.99),
    // A server that hardly gets a processor may have answered nothing in that time.
    cpu: counted === 0 ? NaN : steady.cpu * 1e6 / counted,
  };
}

/** CPU of a process in the middle of a load; its ends are in microseconds since the epoch, as the log has them. */
async function measureSteady(
  pid: number,
  warmUp: number,
  seconds: number,
  signal: AbortSignal,
): Promise<{ readonly begin: number; readonly end: number; readonly cpu: number }> {
  // Connecting takes h2load some time before its warm-up begins.
  await sleep(clock, 1_000 * (warmUp + margin), signal);
  const used = await cpuMeter(pid);
  const begin = 1_000 * Date.now();
  await sleep(clock, 1_000 * (seconds - 2 * margin), signal);
  const cpu = await used();
  return { begin, end: 1_000 * Date.now(), cpu };
}

/** A request of the log; times in microseconds, `end` since the epoch. */
interface LoggedRequest {
  readonly status: number;
  readonly duration: number;
  readonly end: number;
}

/** The file that h2load writes with --log-file: start, status and duration, separated by tabs. */
export function parseLog(text: string): LoggedRequest[] {
  return text.split("\n").filter((line) => line !== "").map((line) => {
    const [start = NaN, status = NaN, duration = NaN] = line.split("\t").map(Number);
    return { status, duration, end: start + duration };
  });
}

function spawn(args: readonly string[], signal: AbortSignal): Deno.ChildProcess {
  try {
    return new Deno.Command("h2load", { args: [...args], stdout: "piped", stderr: "piped", signal }).spawn();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new MissingToolError("h2load is missing: install nghttp2-client (Debian), nghttp2 (Homebrew, Fedora)");
  }
}
