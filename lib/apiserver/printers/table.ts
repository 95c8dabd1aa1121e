import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { objectAt, objectsAt, stringAt } from "../json.ts";
import { apiVersionOf } from "../resources/registry.ts";
import type { ServedResource } from "../resources/served_resource.ts";
import { badRequest } from "../status.ts";
import { printerOf } from "./printer_of.ts";

/** Which part of each object a row carries. */
export type IncludeObject = "Metadata" | "Object" | "None";

/** What a client that wants tables asks for. */
export interface TableRequest {
  /** Version of `meta.k8s.io`. */
  readonly version: "v1" | "v1beta1";
  readonly include: IncludeObject;
}

/** Does the Accept header prefer a table to everything else that this server has? Returns the version. */
export function acceptedTable(accept: string): "v1" | "v1beta1" | undefined {
  if (!accept.includes("as=Table")) return undefined;
  for (const alternative of accept.split(",")) {
    const [type = "", ...parameters] = alternative.split(";").map((part) => part.trim());
    if (!/^(application\/json|application\/\*|\*\/\*)$/.test(type)) continue;
    const kind = parameters.find((each) => each.startsWith("as="));
    if (kind !== "as=Table") {
      // An object or its metadata comes first. What nobody has is passed over.
      if (kind === undefined || kind.startsWith("as=PartialObjectMetadata")) return undefined;
      continue;
    }
    const version = parameters.find((each) => each.startsWith("v="));
    if (!parameters.includes("g=meta.k8s.io")) continue;
    if (version === "v=v1") return "v1";
    if (version === "v=v1beta1") return "v1beta1";
  }
  return undefined;
}

/** Reads the query parameter includeObject. @throws StatusError 400 */
export function parseInclude(text: string | null): IncludeObject {
  switch (text) {
    case null:
    case "":
    case "Metadata":
      return "Metadata";
    case "Object":
    case "None":
      return text;
    default:
      throw badRequest(
        `Unable to convert to Table as requested: includeObject: Invalid value: "${text}": ` +
          "must be 'Metadata', 'Object', 'None', or empty",
      );
  }
}

/**
 * An object or list as a table (`Table` of `meta.k8s.io`). Anything else, such as a Status or a Scale, stays as it is.
 * @param now milliseconds since the epoch.
 * @param header name the columns; in a watch only the first table does.
 */
export function tableOf(
  value: JSONValue,
  resource: ServedResource,
  request: TableRequest,
  now: number,
  header = true,
): JSONValue {
  if (!isJsonObject(value)) return value;
  const { kind } = value;
  const isList = kind === `${resource.kind}List`;
  if (!isList && kind !== resource.kind) return value;
  const printer = printerOf(resource);
  const type = { kind: resource.kind, apiVersion: apiVersionOf(resource) };
  const rows = (isList ? objectsAt(value, "items") : [value]).map((object): JSONObject => ({
    cells: [...printer.cells(object, now)],
    object: shown({ ...type, ...object }, request),
  }));
  const metadata = objectAt(value, "metadata");
  return {
    kind: "Table",
    apiVersion: `meta.k8s.io/${request.version}`,
    metadata: isList ? listMetadata(metadata) : versionOf(metadata),
    columnDefinitions: header ? printer.columns.map((column) => ({ ...column })) : null,
    rows,
  };
}

function shown(object: JSONObject, { include, version }: TableRequest): JSONValue {
  switch (include) {
    case "None":
      return null;
    case "Object":
      return object;
    case "Metadata":
      return {
        kind: "PartialObjectMetadata",
        apiVersion: `meta.k8s.io/${version}`,
        metadata: objectAt(object, "metadata"),
      };
  }
}

/** Lists of custom resources have an empty token at their end, tables have none. */
function listMetadata(metadata: JSONObject): JSONObject {
  const { continue: token, ...rest } = metadata;
  return token === undefined || token === "" ? rest : metadata;
}

/** What a dry run would create has no version yet. */
function versionOf(metadata: JSONObject): JSONObject {
  const resourceVersion = stringAt(metadata, "resourceVersion");
  return resourceVersion === "" ? {} : { resourceVersion };
}
