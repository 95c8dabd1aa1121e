import { badRequest, type Cause, invalid } from "../status.ts";
import { invalidValue } from "../validate/metadata.ts";
import { parseBoolean } from "./list_options.ts";

/**
 * Reads the options of a request for a pod's log (`PodLogOptions`).
 * @returns the query that its node is asked with, in the order of the names
 * @throws StatusError 400, 422
 */
export function parseLogOptions(query: URLSearchParams, pod: string): URLSearchParams {
  const asked = new URLSearchParams();
  for (const key of ["follow", "previous", "timestamps"]) {
    if (parseBoolean(query.get(key)) === true) asked.set(key, "true");
  }
  const numbers = new Map<string, number>();
  for (const key of ["tailLines", "limitBytes", "sinceSeconds"]) {
    const text = query.get(key) ?? "";
    if (text === "") continue;
    if (!/^[-+]?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
    numbers.set(key, Number(text));
    asked.set(key, String(Number(text)));
  }
  const since = query.get("sinceTime") ?? "";
  if (since !== "") asked.set("sinceTime", parseTime(since));
  const causes = problems(numbers, query);
  if (causes.length > 0) throw invalid({ group: "", plural: "pods", kind: "PodLogOptions" }, pod, causes);
  asked.sort();
  return asked;
}

function problems(numbers: ReadonlyMap<string, number>, query: URLSearchParams): readonly Cause[] {
  const causes: Cause[] = [];
  const atLeast = (key: string, least: number, problem: string): void => {
    const value = numbers.get(key);
    if (value !== undefined && value < least) causes.push(invalidValue(key, value, problem));
  };
  atLeast("tailLines", 0, "must be greater than or equal to 0");
  atLeast("limitBytes", 1, "must be greater than 0");
  if (numbers.has("sinceSeconds") && (query.get("sinceTime") ?? "") !== "") {
    const message = "Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified";
    causes.push({ reason: "FieldValueForbidden", message, field: "[]" });
  }
  atLeast("sinceSeconds", 1, "must be greater than 0");
  if (query.has("stream")) {
    causes.push({ reason: "FieldValueForbidden", message: "Forbidden: may not be specified", field: "stream" });
  }
  return causes;
}

/** A time as RFC 3339 in whole seconds of UTC. @throws StatusError 400 */
function parseTime(text: string): string {
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[-+]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return new Date(time).toISOString().replace(/\.\d+Z$/, "Z");
  const layout = "2006-01-02T15:04:05Z07:00";
  throw badRequest(`parsing time "${text}" as "${layout}": cannot parse "${text}" as "2006"`);
}
