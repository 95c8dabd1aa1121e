import type { JSONValue } from "../../k8s/contract.ts";
import { parseUsualTime } from "../../util/micro_time.ts";
import type { ScalarType } from "./type_schema.ts";
import { formatQuantity } from "./quantity.ts";

/** What a scalar comes to: its canonical form; or why it is none, in the words of Go. `type`: of the wrong type. */
export type ScalarResult = { readonly value: JSONValue } | { readonly type: string; readonly goType?: string } | {
  readonly error: string;
};

/** Reads a scalar as Go's decoder would. */
export function readScalar(value: JSONValue, scalar: ScalarType): ScalarResult {
  switch (scalar) {
    case "string":
      return typeof value === "string" ? { value } : wrongType(value);
    case "boolean":
      return typeof value === "boolean" ? { value } : wrongType(value);
    case "number":
      return typeof value === "number" ? { value } : wrongType(value);
    case "int32":
    case "int64":
      return readInteger(value, scalar === "int32" ? 2 ** 31 : 2 ** 63);
    case "bytes":
      return readBytes(value);
    case "time":
    case "microTime":
      return readTime(value, scalar);
    case "quantity":
      return readQuantity(value);
    case "intOrString":
      return typeof value === "string" ? { value } : readInteger(value, 2 ** 31);
  }
}

/** Go's word for the type of a JSON value. */
export function goTypeName(value: JSONValue): string {
  if (Array.isArray(value)) return "array";
  return typeof value === "boolean" ? "bool" : typeof value;
}

function wrongType(value: JSONValue): ScalarResult {
  return { type: goTypeName(value) };
}

function readInteger(value: JSONValue, limit: number): ScalarResult {
  if (typeof value !== "number") return wrongType(value);
  return Number.isInteger(value) && value >= -limit && value < limit ? { value } : { type: `number ${value}` };
}

function readBytes(value: JSONValue): ScalarResult {
  if (typeof value !== "string") return wrongType(value);
  if (/^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value)) return { value };
  const found = value.search(/[^A-Za-z0-9+/=]/);
  // Where nothing is wrong but that it ends too early, the last group of four is.
  const wrong = found >= 0 ? found : Math.floor(value.length / 4) * 4;
  return { error: `illegal base64 data at input byte ${wrong}` };
}

const times = {
  time: { pattern: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/, layout: "2006-01-02T15:04:05Z07:00" },
  microTime: {
    pattern: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|[+-]\d\d:\d\d)$/,
    layout: "2006-01-02T15:04:05.000000Z07:00",
  },
} as const;

function readTime(value: JSONValue, scalar: "time" | "microTime"): ScalarResult {
  if (typeof value !== "string") return { type: goTypeName(value), goType: "string" };
  // Most are canonical already.
  if (value.length === (scalar === "time" ? 20 : 27) && parseUsualTime(value) !== undefined) return { value };
  const { pattern, layout } = times[scalar];
  if (!pattern.test(value) || Number.isNaN(Date.parse(value))) {
    const [rest, part] = unparsed(value, scalar);
    return {
      error: `parsing time ${JSON.stringify(value)} as "${layout}": cannot parse ${JSON.stringify(rest)} as "${part}"`,
    };
  }
  const digits = scalar === "time" ? 0 : 6;
  const instant = globalThis.Temporal.Instant.from(value);
  return { value: instant.toString({ fractionalSecondDigits: digits, roundingMode: "trunc" }) };
}

/** What Go could not read, and as what. */
function unparsed(value: string, scalar: "time" | "microTime"): readonly [string, string] {
  if (!/^\d{4}/.test(value)) return [value, "2006"];
  if (!/^\d{4}-\d\d-\d\d/.test(value)) return [value.slice(4), "-"];
  if (!/^\d{4}-\d\d-\d\dT/.test(value)) return [value.slice(10), "T"];
  const rest = value.slice(19);
  if (scalar === "time") return [rest, "Z07:00"];
  return /^\.\d{6}/.test(rest) ? [rest.slice(7), "Z07:00"] : [rest, ".000000"];
}

function readQuantity(value: JSONValue): ScalarResult {
  if (typeof value !== "string" && typeof value !== "number") return { error: quantityError };
  const formatted = formatQuantity(String(value));
  return formatted === undefined ? { error: quantityError } : { value: formatted };
}

const quantityError = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
