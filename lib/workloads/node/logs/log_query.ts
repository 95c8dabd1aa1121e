import { parseTime } from "../../../util/micro_time.ts";
import type { OutputStream } from "../process/process_runner.ts";
import type { LogEntry } from "./log_entry.ts";

/** What part of a container's log is wanted (`PodLogOptions`, core/v1). */
export interface LogQuery {
  readonly follow: boolean;
  /** Of the instance before the present one. */
  readonly previous: boolean;
  readonly timestamps: boolean;
  /** Only what was written to this one of the two. */
  readonly stream?: OutputStream;
  readonly tailLines?: number;
  /** Milliseconds since the epoch: only what was written since then. */
  readonly since?: number;
  readonly limitBytes?: number;
}

/**
 * Reads the query of a kubelet's path /containerLogs.
 * @param now milliseconds since the epoch, to which `sinceSeconds` refers.
 * @throws SyntaxError that names the faulty parameter.
 */
export function parseLogQuery(query: URLSearchParams, now: number): LogQuery {
  const tailLines = count(query, "tailLines", 0);
  const limitBytes = count(query, "limitBytes", 1);
  const sinceSeconds = count(query, "sinceSeconds", 1);
  const sinceTime = query.get("sinceTime");
  const sinceGiven = sinceTime === null ? undefined : parseTime(sinceTime);
  if (sinceTime !== null && sinceGiven === undefined) throw new SyntaxError(`sinceTime must be a time: "${sinceTime}"`);
  if (sinceSeconds !== undefined && sinceGiven !== undefined) {
    throw new SyntaxError("at most one of sinceTime or sinceSeconds may be specified");
  }
  const since = sinceGiven ?? (sinceSeconds === undefined ? undefined : now - sinceSeconds * 1_000);
  return {
    follow: flag(query, "follow"),
    previous: flag(query, "previous"),
    timestamps: flag(query, "timestamps"),
    ...streamOf(query.get("stream")),
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(since === undefined ? {} : { since }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
  };
}

/** The entries that a query is after: the last lines first, of those the ones since a time, as kubelets do. */
export function selectEntries(entries: readonly LogEntry[], query: LogQuery): readonly LogEntry[] {
  const { tailLines, since, stream } = query;
  const written = stream === undefined ? entries : entries.filter((entry) => entry.stream === stream);
  const tail = tailLines === undefined ? written : lastLines(written, tailLines);
  return since === undefined ? tail : tail.filter((entry) => (parseTime(entry.time) ?? 0) >= since);
}

/** An entry as a reader sees it. @param continues the entry goes on with a line that was begun before. */
export function renderEntry(entry: LogEntry, timestamps: boolean, continues: boolean): string {
  return `${timestamps && !continues ? `${entry.time} ` : ""}${entry.text}${entry.partial ? "" : "\n"}`;
}

function lastLines(entries: readonly LogEntry[], lines: number): readonly LogEntry[] {
  let start = entries.length;
  for (let found = 0; start > 0; start--) {
    // A line's last entry comes first on the way back; its other parts belong to the same line.
    if (entries[start - 1]?.partial === false && ++found > lines) break;
  }
  return lines === 0 ? [] : entries.slice(start);
}

function streamOf(text: string | null): Pick<LogQuery, "stream"> {
  switch (text) {
    case null:
    case "":
    case "All":
      return {};
    case "Stdout":
      return { stream: "stdout" };
    case "Stderr":
      return { stream: "stderr" };
    default:
      throw new SyntaxError(`stream must be All, Stdout or Stderr: "${text}"`);
  }
}

function flag(query: URLSearchParams, name: string): boolean {
  return ["true", "1", ""].includes(query.get(name) ?? "false");
}

function count(query: URLSearchParams, name: string, min: number): number | undefined {
  const text = query.get(name);
  if (text === null || text === "") return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < min) {
    throw new SyntaxError(`${name} must be a whole number of at least ${min}: "${text}"`);
  }
  return value;
}
