import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { setField } from "../json.ts";
import { goTypeName, readScalar } from "./scalars.ts";
import type { FieldSchema, ListSchema, MapSchema, StructSchema, TypeSchema } from "./type_schema.ts";

/** A value that a kind cannot hold, in the words of Go's decoder. */
export class DecodeError extends Error {
  override readonly name = "DecodeError";
}

/**
 * In whose words values are refused: those of Go's JSON decoder, or those of the converter that reads what a strategic
 * merge patch or an apply made.
 */
export type Wording = "json" | "converter";

/** Where the decoder is. */
interface Place {
  /** As strict decoding errors show it: `spec.containers[0].image`. */
  readonly path: string;
  /** As Go's decoder shows it: without indices and keys. */
  readonly goPath: string;
  /** Name of the innermost struct. */
  readonly struct: string;
  readonly goType: string;
  readonly wording: Wording;
  /** Values of the wrong type: the JSON decoder reads on, as a time that it cannot parse would come first. */
  readonly problems: string[];
}

/**
 * Reads a value of one of the server's own kinds as Go's decoder does, and writes it as Go's encoder does: what the
 * kind does not have is dropped, null is nothing, what is empty and may be left out is.
 * @param unknown gets the paths of the fields that were dropped.
 * @throws DecodeError for a value of the wrong type
 */
export function decodeStruct(
  value: JSONObject,
  schema: StructSchema,
  unknown: string[],
  { path = "", goPath = path, wording = "json" }: { path?: string; goPath?: string; wording?: Wording } = {},
): JSONObject {
  const struct = schema.name.slice(schema.name.lastIndexOf(".") + 1);
  const problems: string[] = [];
  const object = readStruct(value, schema, unknown, { path, goPath, struct, goType: struct, wording, problems });
  const [first] = problems;
  if (first !== undefined) throw new DecodeError(first);
  return object;
}

function read(value: JSONValue, schema: TypeSchema, unknown: string[], place: Place): JSONValue {
  switch (schema.type) {
    case "any":
      return value;
    case "scalar": {
      const result = readScalar(value, schema.scalar);
      if ("value" in result) return result.value;
      if ("type" in result) return wrongType(value, schema, { ...place, goType: result.goType ?? place.goType });
      if (schema.scalar !== "bytes") throw new DecodeError(result.error);
      return refuse(place.wording === "json" ? result.error : `error decoding from json: ${result.error}`, place);
    }
    case "list":
      if (!Array.isArray(value)) return wrongType(value, schema, place);
      return readList(value, schema, unknown, place);
    case "map":
      if (!isJsonObject(value)) return wrongType(value, schema, place);
      return readMap(value, schema, unknown, place);
    case "struct":
      if (isJsonObject(value)) return readStruct(value, schema, unknown, place);
      // A boolean or an array may stand where one schema may (JSONSchemaPropsOrBool, JSONSchemaPropsOrArray).
      if (/^v1\.JSONSchemaPropsOr/.test(place.goType) && typeof value === "boolean") return value;
      return wrongType(value, schema, place);
  }
}

function readStruct(value: JSONObject, schema: StructSchema, unknown: string[], place: Place): JSONObject {
  const object: JSONObject = {};
  const struct = schema.name.slice(schema.name.lastIndexOf(".") + 1);
  for (const key of Object.keys(value)) {
    const given = value[key];
    if (given === undefined) continue;
    const field = schema.fields.get(key);
    const path = place.path === "" ? key : `${place.path}.${key}`;
    if (field === undefined) {
      unknown.push(path);
      continue;
    }
    if (given === null) continue;
    const goPath = place.goPath === "" ? key : `${place.goPath}.${key}`;
    const decoded = read(given, field.schema, unknown, { ...place, path, goPath, struct, goType: field.goType });
    if (!isOmitted(decoded, field)) setField(object, key, decoded);
    // An empty list does not outlive storing, null is what is read.
    if (field.zero === null && Array.isArray(decoded) && decoded.length === 0) object[key] = null;
  }
  return complete(object, schema);
}

/** What Go writes of a struct that nobody set anything in. */
export function zeroStruct(schema: StructSchema): JSONObject {
  return complete({}, schema);
}

/** Writes what Go always writes. */
function complete(object: JSONObject, schema: StructSchema): JSONObject {
  for (const [key, field] of schema.fields) {
    if (object[key] !== undefined) continue;
    if (field.byValue && field.schema.type === "struct") object[key] = complete({}, field.schema);
    else if (field.zero !== undefined) object[key] = field.zero;
  }
  return object;
}

function isOmitted(value: JSONValue, { schema, omitZero, zero }: FieldSchema): boolean {
  if (omitZero) return value === "" || value === 0 || value === false;
  if (zero !== undefined || (schema.type !== "list" && schema.type !== "map")) return false;
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

function readList(value: readonly JSONValue[], schema: ListSchema, unknown: string[], place: Place): JSONValue {
  const goType = place.goType.replace(/^\[\]\*?/, "");
  return value.map((item, index) =>
    item === null
      ? nothing(schema.items)
      : read(item, schema.items, unknown, { ...place, path: `${place.path}[${index}]`, goType })
  );
}

function readMap(value: JSONObject, schema: MapSchema, unknown: string[], place: Place): JSONValue {
  const goType = place.goType.replace(/^map\[[^\]]*\]\*?/, "");
  const map: JSONObject = {};
  for (const key of Object.keys(value)) {
    const item = value[key];
    if (item === undefined) continue;
    const decoded = item === null
      ? nothing(schema.items)
      : read(item, schema.items, unknown, { ...place, path: `${place.path}.${key}`, goType });
    setField(map, key, decoded);
  }
  return map;
}

/** What Go makes of null in a list or map. */
function nothing(schema: TypeSchema): JSONValue {
  if (schema.type === "struct") return complete({}, schema);
  if (schema.type !== "scalar") return null;
  switch (schema.scalar) {
    case "boolean":
      return false;
    case "int32":
    case "int64":
    case "number":
      return 0;
    case "quantity":
      return "0";
    case "time":
    case "microTime":
      return null;
    case "string":
    case "bytes":
    case "intOrString":
      return "";
  }
}

function refuse(problem: string, { wording, problems }: Place): undefined {
  if (wording === "converter") throw new DecodeError(problem);
  problems.push(problem);
  return undefined;
}

function wrongType(value: JSONValue, schema: TypeSchema, place: Place): undefined {
  if (place.wording === "converter") return refuse(converterProblem(value, schema, place), place);
  const { struct, goPath, goType } = place;
  const known = goType === "" ? "string" : goType;
  const isNumber = typeof value === "number" && schema.type === "scalar" && /^int/.test(schema.scalar);
  const type = isNumber ? `number ${value}` : goTypeName(value);
  const field = `Go struct field ${struct}.${goPath} of type ${known.replace(/^\*/, "")}`;
  return refuse(`json: cannot unmarshal ${type} into ${field}`, place);
}

function converterProblem(value: JSONValue, schema: TypeSchema, { goType }: Place): string {
  const kind = goKind(value);
  if (schema.type === "list") return `cannot restore slice from ${kind}`;
  if (schema.type === "map") return `cannot restore map from ${kind}`;
  if (schema.type === "struct") return `cannot restore struct from: ${kind}`;
  if (goType === "[]byte" || goType === "[]uint8") return `cannot restore slice from ${kind}`;
  const type = goType === "" ? "string" : goType.replace(/^\*/, "");
  // Go's conversions know a string for each whole number.
  const converts = kind === "int64" || (kind === "float64" && type !== "string" && type !== "bool");
  return converts && type !== "bool" ? `cannot convert ${kind} to ${type}` : `unrecognized type: ${type}`;
}

function goKind(value: JSONValue): string {
  if (Array.isArray(value)) return "slice";
  if (typeof value === "number") return Number.isInteger(value) ? "int64" : "float64";
  return typeof value === "boolean" ? "bool" : typeof value === "object" ? "map" : typeof value;
}
