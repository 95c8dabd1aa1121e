import type { OutputStream } from "../process/process_runner.ts";

/** A line that a container wrote, or a part of one that is very long. */
export interface LogEntry {
  /** RFC 3339 in UTC. */
  readonly time: string;
  readonly stream: OutputStream;
  /** More of the same line follows in the next entry of the stream. */
  readonly partial: boolean;
  readonly text: string;
}

/** One line of a log file, in the format of the Container Runtime Interface: `<time> <stream> <F or P> <text>`. */
export function formatEntry({ time, stream, partial, text }: LogEntry): string {
  return `${time} ${stream} ${partial ? "P" : "F"} ${text}\n`;
}

/** Reads a log file. Lines that are none of the format are passed over: a crash may have cut one. */
export function parseEntries(content: string): readonly LogEntry[] {
  return content.split("\n").flatMap((line) => {
    const [, time, stream, tag, text] = /^(\S+) (stdout|stderr) ([FP]) (.*)$/s.exec(line) ?? [];
    if (time === undefined || text === undefined || (stream !== "stdout" && stream !== "stderr")) return [];
    return [{ time, stream, partial: tag === "P", text }];
  });
}
