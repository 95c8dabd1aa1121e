/**
 * What a test and its supervisor say to each other: JSON lines, the test's on the supervisor's standard input, one
 * reply to each on its standard output. The end of standard input means: stop everything and leave nothing behind.
 */

/** Tells that something is up: a GET that must be answered with 200. */
export interface Probe {
  readonly url: string;
  /** Bearer token to send. */
  readonly token?: string;
}

/** A process to run. */
export interface ComponentPlan {
  readonly name: string;
  /** Absolute path of the program. */
  readonly command: string;
  readonly args: readonly string[];
  /** It counts as started once these have been answered, one after the other. */
  readonly probes: readonly Probe[];
  /** Ports on loopback that must be free again before it counts as stopped. */
  readonly ports: readonly number[];
}

/** What a supervisor runs. */
export interface Plan {
  /** Folder that it creates, and removes when it ends. */
  readonly folder: string;
  /** Files to write into the folder first: name and content. */
  readonly files: Readonly<Record<string, string>>;
  /** Certificate authority for `https` probes, PEM. */
  readonly certificateAuthority: string;
  /** From SIGTERM to SIGKILL, in milliseconds. */
  readonly stopGrace: number;
  /** In the order in which they start; they stop in reverse. */
  readonly components: readonly ComponentPlan[];
}

/** One line to the supervisor. */
export type Request =
  | { readonly do: "run"; readonly plan: Plan }
  | { readonly do: "start"; readonly component: string }
  | { readonly do: "stop"; readonly component: string; readonly kill: boolean }
  | { readonly do: "logs"; readonly component: string; readonly lines: number };

/** One line from the supervisor. */
export type Reply =
  /** Process ids of what runs now, by component; for "logs" also the lines. */
  | { readonly ok: true; readonly pids: Readonly<Record<string, number>>; readonly lines: readonly string[] }
  | { readonly ok: false; readonly message: string; readonly lines: readonly string[] };

/** Reads a request. @throws {TypeError} when the line is none */
export function parseRequest(line: string): Request {
  const value = parseObject(line);
  const component = value["component"];
  switch (value["do"]) {
    case "run":
      return { do: "run", plan: asPlan(value["plan"]) };
    case "start":
      return { do: "start", component: asString(component) };
    case "stop":
      return { do: "stop", component: asString(component), kill: value["kill"] === true };
    case "logs":
      return { do: "logs", component: asString(component), lines: asNumber(value["lines"]) };
    default:
      throw new TypeError(`Not a request to the supervisor: ${line.slice(0, 200)}`);
  }
}

/** Reads a reply. @throws {TypeError} when the line is none */
export function parseReply(line: string): Reply {
  const value = parseObject(line);
  const lines = asArray(value["lines"]).map(asString);
  if (value["ok"] === true) return { ok: true, pids: asRecord(value["pids"], asNumber), lines };
  return { ok: false, message: asString(value["message"]), lines };
}

function asPlan(value: unknown): Plan {
  const plan = asObject(value);
  return {
    folder: asString(plan["folder"]),
    files: asRecord(plan["files"], asString),
    certificateAuthority: asString(plan["certificateAuthority"]),
    stopGrace: asNumber(plan["stopGrace"]),
    components: asArray(plan["components"]).map(asComponent),
  };
}

function asComponent(value: unknown): ComponentPlan {
  const component = asObject(value);
  return {
    name: asString(component["name"]),
    command: asString(component["command"]),
    args: asArray(component["args"]).map(asString),
    probes: asArray(component["probes"]).map(asProbe),
    ports: asArray(component["ports"]).map(asNumber),
  };
}

function asProbe(value: unknown): Probe {
  const { url, token } = asObject(value);
  return { url: asString(url), ...(token === undefined ? {} : { token: asString(token) }) };
}

function parseObject(line: string): Record<string, unknown> {
  const value: unknown = JSON.parse(line);
  return asObject(value);
}

function asObject(value: unknown): Record<string, unknown> {
  return asRecord(value, (field) => field);
}

function asRecord<T>(value: unknown, field: (value: unknown) => T): Record<string, T> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw unexpected("an object", value);
  return Object.fromEntries(Object.entries(value).map(([name, content]) => [name, field(content)]));
}

function asArray(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw unexpected("a list", value);
  return value;
}

function asString(value: unknown): string {
  if (typeof value !== "string") throw unexpected("a string", value);
  return value;
}

function asNumber(value: unknown): number {
  if (typeof value !== "number") throw unexpected("a number", value);
  return value;
}

function unexpected(wanted: string, value: unknown): TypeError {
  return new TypeError(`Expected ${wanted} in a message between test and supervisor, not ${typeof value}`);
}
