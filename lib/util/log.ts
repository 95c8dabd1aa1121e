/**
 * Structured logs. The library logs through LogTape, which is silent until a program configures it; our programs
 * do so here, once, in main. Messages are constant sentences, all that varies goes into the properties:
 * `logger.info("took over Lease", { lease: "default/shard-a" })`.
 */
import { configure, getLogger as getLogTapeLogger, type LogRecord } from "@logtape/logtape";
import type { Clock } from "./clock/mod.ts";

/** How bad it is, in LogTape's words. */
export type LogLevel = "trace" | "debug" | "info" | "warning" | "error" | "fatal";

/**
 * Takes log messages: a constant sentence, and in the properties all that varies. The loggers of LogTape are such, and
 * other libraries' are easily made so.
 */
export interface Logger {
  /** What helps to find out why something happened. */
  debug(message: string, properties?: Record<string, unknown>): void;
  /** What people who run the program want to know. */
  info(message: string, properties?: Record<string, unknown>): void;
  /** What will be tried again, or may be wrong. */
  warn(message: string, properties?: Record<string, unknown>): void;
  /** What somebody has to look into. */
  error(message: string, properties?: Record<string, unknown>): void;
  /** The same logger, which adds these properties to all messages. */
  with(properties: Record<string, unknown>): Logger;
}

/** The logger of a part of the program, such as `["sharding", "queue"]`. */
export function getLogger(category: string | readonly string[]): Logger {
  return getLogTapeLogger(category);
}

/** How times are written, in zap's words: seconds, milliseconds or nanoseconds since the epoch, or text. */
export type LogTime = "epoch" | "millis" | "nanos" | "iso8601" | "rfc3339" | "rfc3339nano";

/** How a program writes its logs. */
export interface LogOptions {
  /** One JSON object a line for machines, or aligned text for people. */
  readonly format: "json" | "text";
  /** The lowest level that is written. */
  readonly level: LogLevel;
  /** How the time is written. @default "iso8601" */
  readonly time?: LogTime;
  /** From this level on errors come with their stacks, as `stacktrace`. @default none does */
  readonly stacksFrom?: LogLevel;
  /** Gives the time stamps. */
  readonly clock: Clock;
  /** Writes one line, with its line end. */
  readonly write: (line: string) => void;
}

/** Sends the logs of the whole program to `write`. Calling it again replaces the earlier configuration. */
export async function configureLogging(options: LogOptions): Promise<void> {
  const { format, level, clock, write, time = "iso8601", stacksFrom } = options;
  const lineOf = format === "json" ? formatJson : formatText;
  const render = (record: LogRecord, now: number): string =>
    lineOf(stacksFrom === undefined ? record : withStack(record, stacksFrom), now, time);
  await configure({
    reset: true,
    sinks: { lines: (record) => write(`${render(record, clock.now())}\n`) },
    loggers: [
      { category: [], sinks: ["lines"], lowestLevel: level },
      { category: ["logtape", "meta"], sinks: ["lines"], lowestLevel: "error", parentSinks: "override" },
    ],
  });
}

/** One JSON object with the keys level, ts, logger and msg, then the properties. */
export function formatJson(record: LogRecord, now: number, time: LogTime = "iso8601"): string {
  const head = {
    level: levelName(record.level),
    ts: formatTime(now, time),
    logger: record.category.join("."),
    msg: record.message.join(""),
  };
  const taken = new Set(Object.keys(head));
  const properties = Object.entries(plainProperties(record)).filter(([key]) => !taken.has(key));
  return JSON.stringify({ ...head, ...Object.fromEntries(properties) });
}

/** Time, level, logger, message, then `key=value` for each property. */
export function formatText(record: LogRecord, now: number, time: LogTime = "iso8601"): string {
  const properties = Object.entries(plainProperties(record)).map(([key, value]) =>
    `${key}=${typeof value === "string" && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value)}`
  );
  const logger = record.category.join(".");
  const level = levelName(record.level).toUpperCase().padEnd(5);
  return [formatTime(now, time), level, logger, record.message.join(""), ...properties].join(" ");
}

/** Milliseconds since the epoch, in one of zap's forms. */
function formatTime(now: number, time: LogTime): string | number {
  switch (time) {
    case "epoch":
      return now / 1_000;
    case "millis":
      return now;
    case "nanos":
      return now * 1e6;
    case "iso8601":
      return new Date(now).toISOString();
    case "rfc3339":
      return new Date(now).toISOString().replace(/\.\d+Z$/, "Z");
    case "rfc3339nano":
      return new Date(now).toISOString().replace(/\.?0*Z$/, "Z");
  }
}

const levels: readonly LogLevel[] = ["trace", "debug", "info", "warning", "error", "fatal"];

/** The record with the stack of its error, where it has one and is bad enough. */
function withStack(record: LogRecord, from: LogLevel): LogRecord {
  if (levels.indexOf(record.level) < levels.indexOf(from)) return record;
  const error = Object.values(record.properties).find((value) => value instanceof Error);
  if (!(error instanceof Error) || error.stack === undefined) return record;
  return { ...record, properties: { ...record.properties, stacktrace: error.stack } };
}

function levelName(level: LogRecord["level"]): string {
  return level === "warning" ? "warn" : level;
}

/** Errors become their message chain: stack traces belong to bugs, which are logged with `stack` by who catches them. */
function plainProperties(record: LogRecord): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(record.properties).map((
      [key, value],
    ) => [key, value instanceof Error ? describeError(value) : value]),
  );
}

/** An error's message with those of its causes, for one line of a log or a status. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof AggregateError && error.errors.length > 0) {
    const parts = error.errors.map(describeError).join("; ");
    return error.message === "" ? parts : `${error.message}: ${parts}`;
  }
  return error.cause === undefined ? error.message : `${error.message}: ${describeError(error.cause)}`;
}
