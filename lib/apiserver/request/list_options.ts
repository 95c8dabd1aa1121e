import { parseLabelSelector, splitFieldSelector } from "../selectors.ts";
import { badRequest, type Cause, invalidOptions, plainError } from "../status.ts";

/** Options of a list or watch, checked as the real server does. */
export interface ListQuery {
  readonly labelSelector: string;
  readonly fieldSelector: string;
  /** Undefined: the most recent state. 0: any state. */
  readonly resourceVersion: number | undefined;
  readonly match: "" | "Exact" | "NotOlderThan";
  /** 0: no limit. */
  readonly limit: number;
  readonly continueToken: string;
  readonly watch: boolean;
  readonly sendInitialEvents: boolean | undefined;
  readonly allowBookmarks: boolean;
  /** Undefined: the server chooses. */
  readonly timeoutSeconds: number | undefined;
}

/**
 * Reads the options of a list or watch.
 * @param check looks at the selectors, before the resourceVersion is read
 * @throws StatusError 400, 422 or 500
 */
export function parseListQuery(query: URLSearchParams, check: () => void = () => {}): ListQuery {
  const watch = parseBoolean(query.get("watch")) ?? false;
  const version = query.get("resourceVersion") ?? "";
  const match = query.get("resourceVersionMatch") ?? "";
  const initial = parseBoolean(query.get("sendInitialEvents"));
  const continueToken = query.get("continue") ?? "";
  // What cannot be read at all comes before what does not fit together.
  parseLabelSelector(query.get("labelSelector") ?? "");
  splitFieldSelector(query.get("fieldSelector") ?? "");
  const causes = watch
    ? watchProblems(match, initial, continueToken)
    : listProblems(match, version, initial, continueToken);
  if (causes.length > 0) throw invalidOptions("ListOptions", causes);
  check();
  return {
    labelSelector: query.get("labelSelector") ?? "",
    fieldSelector: query.get("fieldSelector") ?? "",
    resourceVersion: parseVersion(version, watch),
    match: match === "Exact" || match === "NotOlderThan" ? match : "",
    // A negative limit means no limit, as it does in the real server.
    limit: Math.max(0, parseInteger(query.get("limit")) ?? 0),
    continueToken,
    watch,
    sendInitialEvents: initial,
    allowBookmarks: parseBoolean(query.get("allowWatchBookmarks")) ?? false,
    timeoutSeconds: parseInteger(query.get("timeoutSeconds")),
  };
}

/** Reads a resourceVersion. Undefined when it is empty. */
export function parseVersion(version: string, plain: boolean): number | undefined {
  if (version === "") return undefined;
  if (/^\d+$/.test(version) && Number.isSafeInteger(Number(version))) return Number(version);
  const message =
    `resourceVersion: Invalid value: "${version}": strconv.ParseUint: parsing "${version}": invalid syntax`;
  // The real server has no Status of its own for this in reads of one object and in watches.
  throw plain ? plainError(message) : badRequest(`invalid resource version: ${message}`);
}

function watchProblems(match: string, initial: boolean | undefined, continueToken: string): readonly Cause[] {
  const field = "resourceVersionMatch";
  if (initial !== undefined) {
    if (match === "NotOlderThan") return continueToken === "" ? [] : [continueProblem];
    const problem = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
    return [
      forbiddenOption(field, problem),
      ...(match === "" ? [] : [unsupportedOption(field, match, ["NotOlderThan"])]),
    ];
  }
  if (match !== "") {
    return [
      forbiddenOption(field, "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"),
      ...(match === "NotOlderThan" ? [] : [unsupportedOption(field, match, ["NotOlderThan"])]),
    ];
  }
  return continueToken === "" ? [] : [continueProblem];
}

function listProblems(
  match: string,
  version: string,
  initial: boolean | undefined,
  continueToken: string,
): readonly Cause[] {
  const field = "resourceVersionMatch";
  const causes: Cause[] = [];
  if (initial !== undefined) {
    causes.push(forbiddenOption("sendInitialEvents", "sendInitialEvents is forbidden for list"));
  }
  if (match === "") return causes;
  if (version === "") {
    causes.push(forbiddenOption(field, "resourceVersionMatch is forbidden unless resourceVersion is provided"));
  }
  if (continueToken !== "") causes.push(continueProblem);
  if (match !== "Exact" && match !== "NotOlderThan") {
    causes.push(unsupportedOption(field, match, ["Exact", "NotOlderThan", ""]));
  } else if (match === "Exact" && version === "0") {
    causes.push(forbiddenOption(field, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
  }
  return causes;
}

const continueProblem = forbiddenOption(
  "resourceVersionMatch",
  "resourceVersionMatch is forbidden when continue is provided",
);

function forbiddenOption(field: string, problem: string): Cause {
  return { reason: "FieldValueForbidden", message: `Forbidden: ${problem}`, field };
}

function unsupportedOption(field: string, value: string, supported: readonly string[]): Cause {
  const values = supported.map((each) => `"${each}"`).join(", ");
  return {
    reason: "FieldValueNotSupported",
    message: `Unsupported value: "${value}": supported values: ${values}`,
    field,
  };
}

/** A boolean parameter: present without a value means true, as for the real server anything but "false" and "0" does. */
export function parseBoolean(text: string | null): boolean | undefined {
  return text === null ? undefined : text !== "false" && text !== "0";
}

function parseInteger(text: string | null): number | undefined {
  if (text === null || text === "") return undefined;
  if (/^-?\d+$/.test(text)) return Number(text);
  throw badRequest(`strconv.ParseInt: parsing "${text}": invalid syntax`);
}
