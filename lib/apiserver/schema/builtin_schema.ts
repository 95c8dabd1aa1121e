import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { getField, objectAt, stringAt, stringsAt } from "../json.ts";
import { definitions, goTypes, referenceOf } from "./document.ts";
import {
  anySchema,
  type FieldSchema,
  type ListSchema,
  type ScalarSchema,
  type ScalarType,
  type StructSchema,
  type TypeSchema,
} from "./type_schema.ts";

const meta = "io.k8s.apimachinery.pkg.apis.meta.v1";
const extensions = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1";

const scalars: Readonly<Record<string, ScalarType>> = {
  [`${meta}.Time`]: "time",
  [`${meta}.MicroTime`]: "microTime",
  "io.k8s.apimachinery.pkg.api.resource.Quantity": "quantity",
  "io.k8s.apimachinery.pkg.util.intstr.IntOrString": "intOrString",
};

/** The definitions as schemas, each made when it is first asked for. */
const made = new Map<string, TypeSchema>();

/** The schema of a recorded definition. */
export function builtinSchema(name: string): TypeSchema {
  const known = made.get(name);
  if (known !== undefined) return known;
  const scalar = scalars[name];
  if (scalar !== undefined) return remember(name, { type: "scalar", scalar, enum: [] });
  // A schema or something simpler: what holds a schema is read as one, all else as it comes.
  if (name === `${extensions}.JSONSchemaPropsOrBool` || name === `${extensions}.JSONSchemaPropsOrArray`) {
    return builtinSchema(`${extensions}.JSONSchemaProps`);
  }
  const definition = objectAt(definitions, name);
  const properties = getField(definition, "properties");
  if (!isJsonObject(properties)) {
    const isEmptyStruct = name === `${extensions}.CustomResourceSubresourceStatus`;
    return remember(name, isEmptyStruct ? structOf(name, definition, new Map()) : anySchema);
  }
  const fields = new Map<string, FieldSchema>();
  // Known before its fields are, as they may refer back to it.
  const schema = remember(name, structOf(name, definition, fields));
  const go = objectAt(goTypes, name);
  for (const [field, property] of Object.entries(properties)) {
    if (isJsonObject(property)) fields.set(field, fieldOf(property, stringAt(go, field)));
  }
  return schema;
}

function remember(name: string, schema: TypeSchema): TypeSchema {
  made.set(name, schema);
  return schema;
}

function structOf(name: string, definition: JSONObject, fields: ReadonlyMap<string, FieldSchema>): StructSchema {
  return { type: "struct", name, atomic: isAtomicMap(definition), fields, others: undefined };
}

function isAtomicMap(schema: JSONObject): boolean {
  return schema["x-kubernetes-map-type"] === "atomic";
}

function fieldOf(property: JSONObject, go: string): FieldSchema {
  const schema = typeOf(property);
  const [goType = "", ...options] = go.split(",");
  const pointer = goType.startsWith("*");
  const omitted = options.includes("omitempty") || go === "";
  const strategies = stringAt(property, "x-kubernetes-patch-strategy").split(",");
  return {
    schema,
    default: property["default"],
    goType: goType.replace("*", ""),
    byValue: schema.type === "struct" && !pointer && go !== "" && !options.includes("omitzero"),
    omitZero: omitted && !pointer && schema.type === "scalar" && !isStruct(schema),
    zero: pointer || (omitted && !isStruct(schema)) || options.includes("omitzero") ? undefined : zeroOf(schema),
    patch: {
      merge: strategies.includes("merge"),
      retainKeys: strategies.includes("retainKeys"),
      mergeKey: stringAt(property, "x-kubernetes-patch-merge-key"),
    },
  };
}

/** Is a scalar a struct in Go, which is never left out for being empty? */
function isStruct(schema: TypeSchema): boolean {
  return schema.type === "scalar" && ["time", "microTime", "quantity", "intOrString"].includes(schema.scalar);
}

/** What Go writes for a field that must be written and was not set. */
function zeroOf(schema: TypeSchema): JSONValue {
  if (schema.type === "list" || schema.type === "map") return null;
  if (schema.type !== "scalar") return undefined;
  switch (schema.scalar) {
    case "string":
      return "";
    case "boolean":
      return false;
    case "int32":
    case "int64":
    case "number":
    case "intOrString":
      return 0;
    case "quantity":
      return "0";
    case "bytes":
    case "time":
    case "microTime":
      return null;
  }
}

/** The schema of a property or of items. */
function typeOf(property: JSONObject): TypeSchema {
  const reference = referenceOf(property);
  if (reference !== undefined) {
    const schema = builtinSchema(reference);
    return isAtomicMap(property) && schema.type === "struct" ? { ...schema, atomic: true } : schema;
  }
  switch (property["type"]) {
    case "array":
      return listOf(property);
    case "object": {
      const items = getField(property, "additionalProperties");
      return isJsonObject(items) ? { type: "map", atomic: isAtomicMap(property), items: typeOf(items) } : anySchema;
    }
    case "string":
    case "boolean":
    case "integer":
    case "number":
      return scalarOf(property);
    default:
      return anySchema;
  }
}

function listOf(property: JSONObject): ListSchema {
  const items = typeOf(objectAt(property, "items"));
  const type = stringAt(property, "x-kubernetes-list-type");
  if (type === "map") {
    return { type: "list", list: "map", keys: stringsAt(property, "x-kubernetes-list-map-keys"), items };
  }
  return { type: "list", list: type === "set" ? "set" : "atomic", keys: [], items };
}

function scalarOf(property: JSONObject): ScalarSchema {
  const { type, format } = property;
  const scalar: ScalarType = type === "boolean"
    ? "boolean"
    : type === "integer"
    ? format === "int32" ? "int32" : "int64"
    : type === "number"
    ? "number"
    : format === "byte"
    ? "bytes"
    : "string";
  return { type: "scalar", scalar, enum: stringsAt(property, "enum") };
}
