import { isJsonObject } from "../../k8s/errors.ts";
import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { arrayAt, objectAt, stringAt } from "../json.ts";
import { badRequest, type Cause, invalidOptions, unknownFormat } from "../status.ts";
import type { Call } from "./call.ts";
import { goTypeName } from "../schema/scalars.ts";
import { invalidValue } from "../validate/metadata.ts";
import { kindAndVersion, mediaTypes } from "./decode.ts";
import { parseJson } from "./go_json.ts";
import { parseYaml } from "./go_yaml.ts";
import { parseBoolean } from "./list_options.ts";

/** Options of a create, replace or patch. */
export interface WriteQuery {
  readonly dryRun: boolean;
  /** Who writes, for managedFields. */
  readonly manager: string;
  readonly force: boolean;
  /** Those that were given, as they are shown to admission webhooks; without their kind. */
  readonly given: JSONObject;
}

/** Reads the options of a write. `kind` names them in errors, such as CreateOptions. @throws StatusError 422 */
export function parseWriteQuery(call: Call, kind: string): WriteQuery {
  const { query, userAgent } = call;
  const given = query.get("fieldManager") ?? "";
  if (given.length > 128) {
    const message = "Too long: may not be more than 128 bytes";
    throw invalidOptions(kind, [{ reason: "FieldValueTooLong", message, field: "fieldManager" }]);
  }
  const validation = query.get("fieldValidation") ?? "";
  if (!["", "Ignore", "Strict", "Warn"].includes(validation)) {
    const message = `Unsupported value: ${JSON.stringify(validation)}: ` +
      'supported values: "", "Ignore", "Strict", "Warn"';
    throw invalidOptions(kind, [{ reason: "FieldValueNotSupported", message, field: "fieldValidation" }]);
  }
  return {
    dryRun: parseDryRun(query.getAll("dryRun"), kind),
    // The part of the user agent before its version, as the real server takes it.
    manager: given === "" ? userAgent.split("/", 1).join() || "unknown" : given,
    force: parseBoolean(query.get("force")) ?? false,
    given: {
      ...(given === "" ? {} : { fieldManager: given }),
      ...(validation === "" ? {} : { fieldValidation: validation }),
      ...(query.has("force") ? { force: parseBoolean(query.get("force")) } : {}),
      ...(query.getAll("dryRun").includes("All") ? { dryRun: ["All"] } : {}),
    },
  };
}

function parseDryRun(values: readonly string[], kind: string): boolean {
  const given = values.filter((value) => value !== "");
  const causes = dryRunProblems(given);
  if (causes.length > 0) throw invalidOptions(kind, causes);
  return given.length > 0;
}

function dryRunProblems(given: readonly string[]): readonly Cause[] {
  if (given.every((value) => value === "All")) return [];
  const message = `Unsupported value: ${JSON.stringify(given)}: supported values: "All"`;
  return [{ reason: "FieldValueNotSupported", message, field: "dryRun" }];
}

/** Options of a deletion. */
export interface DeleteQuery {
  readonly dryRun: boolean;
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
  readonly propagation: "Foreground" | "Background" | "Orphan" | undefined;
  readonly gracePeriodSeconds: number | undefined;
  /** As they are shown to admission webhooks. */
  readonly document: JSONObject;
}

/** Reads the options of a deletion from the body, or from the query when there is no body. @throws StatusError */
export function parseDeleteQuery(call: Call): DeleteQuery {
  const body = readOptions(call);
  if (body !== undefined && body !== null && !isJsonObject(body)) {
    const what = `json: cannot unmarshal ${goTypeName(body)} into Go value of type ${kindAndVersion}`;
    throw badRequest(`couldn't get version/kind; json parse error: ${what}`);
  }
  // Where there is a body, the real server does not look at the query at all.
  const dryRun = call.query.getAll("dryRun");
  return readDeleteOptions(body ?? { ...queryOptions(call.query), ...(dryRun.length === 0 ? {} : { dryRun }) });
}

/** Reads the options of a deletion (`DeleteOptions`). @throws StatusError 400, 422 */
export function readDeleteOptions(options: JSONObject): DeleteQuery {
  const kind = stringAt(options, "kind");
  if (kind !== "" && kind !== "DeleteOptions") {
    const version = stringAt(options, "apiVersion") || "meta.k8s.io/v1";
    throw badRequest(`no kind "${kind}" is registered for version "${version}" in scheme "pkg/runtime/scheme.go:111"`);
  }
  const given = options["gracePeriodSeconds"] ?? null;
  if (given !== null && typeof given !== "number") {
    const field = "Go struct field DeleteOptions.gracePeriodSeconds of type int64";
    throw badRequest(`json: cannot unmarshal ${goTypeName(given)} into ${field}`);
  }
  const preconditions = objectAt(options, "preconditions");
  const policy = stringAt(options, "propagationPolicy");
  const { orphanDependents } = options;
  const grace = options["gracePeriodSeconds"];
  const causes: Cause[] = [];
  if (policy !== "" && policy !== "Foreground" && policy !== "Background" && policy !== "Orphan") {
    const message = `Unsupported value: "${policy}": supported values: "Foreground", "Background", "Orphan", "nil"`;
    causes.push({ reason: "FieldValueNotSupported", message, field: "propagationPolicy" });
  }
  if (policy !== "" && (orphanDependents ?? null) !== null) {
    const problem = "orphanDependents and deletionPropagation cannot be both set";
    causes.push(invalidValue("propagationPolicy", policy, problem));
  }
  const dryRun = arrayAt(options, "dryRun").map(String).filter((value) => value !== "");
  causes.push(...dryRunProblems(dryRun));
  if (causes.length > 0) throw invalidOptions("DeleteOptions", causes);
  return {
    dryRun: dryRun.length > 0,
    uid: stringAt(preconditions, "uid") || undefined,
    resourceVersion: stringAt(preconditions, "resourceVersion") || undefined,
    propagation: policy === "Foreground" || policy === "Background" || policy === "Orphan"
      ? policy
      // How clients said it before there was a policy.
      : typeof orphanDependents === "boolean"
      ? orphanDependents ? "Orphan" : "Background"
      : undefined,
    gracePeriodSeconds: typeof grace === "number" ? grace : undefined,
    document: { ...options, kind: "DeleteOptions", apiVersion: "meta.k8s.io/v1" },
  };
}

function readOptions({ body, contentType }: Call): JSONValue {
  if (body === undefined || "value" in body) return body?.value;
  if ("unreadable" in body) throw unknownFormat(mediaTypes);
  try {
    return contentType === "application/yaml" ? parseYaml(body.text).value : parseJson(body.text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw Object.assign(badRequest(`couldn't get version/kind; json parse error: ${why}`), { cause });
  }
}

function queryOptions(query: URLSearchParams): JSONObject {
  const options: JSONObject = {};
  const policy = query.get("propagationPolicy");
  const orphan = query.get("orphanDependents");
  const grace = query.get("gracePeriodSeconds");
  if (policy !== null) options["propagationPolicy"] = policy;
  if (orphan !== null) options["orphanDependents"] = parseBoolean(orphan) ?? false;
  if (grace !== null && grace !== "" && !/^-?\d+$/.test(grace)) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(grace)}: invalid syntax`);
  }
  if (grace !== null && grace !== "") options["gracePeriodSeconds"] = Number(grace);
  return options;
}
