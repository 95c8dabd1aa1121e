import type { JSONObject, JSONValue } from "../../k8s/contract.ts";

/** How a scalar is written. `int32` and `int64` are whole numbers; `bytes` is base64; `time` has whole seconds. */
export type ScalarType =
  | "string"
  | "boolean"
  | "int32"
  | "int64"
  | "number"
  | "bytes"
  | "time"
  | "microTime"
  | "quantity"
  | "intOrString";

/**
 * What the server has to know of a value: decoding, defaults, server-side apply and strategic merge patches all read
 * it. Made from the recorded OpenAPI document for kinds of the server's own, and from the structural schema of a
 * CustomResourceDefinition for custom resources. Schemas refer to themselves (JSONSchemaProps does).
 */
export type TypeSchema = StructSchema | MapSchema | ListSchema | ScalarSchema | AnySchema;

/** An object with known fields. */
export interface StructSchema {
  readonly type: "struct";
  /** Name of the definition, such as `io.k8s.api.core.v1.Pod`; "" in custom resources. */
  readonly name: string;
  /** Owned and replaced as a whole. */
  readonly atomic: boolean;
  readonly fields: ReadonlyMap<string, FieldSchema>;
  /** What other fields hold; undefined when there must be none. */
  readonly others: TypeSchema | undefined;
}

/** An object with any keys. */
export interface MapSchema {
  readonly type: "map";
  readonly atomic: boolean;
  readonly items: TypeSchema;
}

/** An array. */
export interface ListSchema {
  readonly type: "list";
  /** `atomic`: owned and replaced as a whole; `set`: of scalars; `map`: of objects that have keys. */
  readonly list: "atomic" | "set" | "map";
  readonly keys: readonly string[];
  readonly items: TypeSchema;
}

/** A string, number or boolean. */
export interface ScalarSchema {
  readonly type: "scalar";
  readonly scalar: ScalarType;
  /** Allowed values; empty when all are. */
  readonly enum: readonly string[];
}

/** Anything. Objects in it may have owners field by field, arrays only as a whole. */
export interface AnySchema {
  readonly type: "any";
}

/** A field of a struct. */
export interface FieldSchema {
  readonly schema: TypeSchema;
  /** What the key of an item of a list is when it is absent. */
  readonly default: JSONValue;
  /** Go's type, without a pointer: `[]v1.Container`. "" in custom resources. */
  readonly goType: string;
  /** A struct that is no pointer: it is always there, and nobody brings it along. */
  readonly byValue: boolean;
  /** Left out when it is "", 0 or false. */
  readonly omitZero: boolean;
  /** Written also when nobody set it: the value then written. */
  readonly zero: JSONValue;
  /** How strategic merge patches treat it. */
  readonly patch: PatchStrategy;
}

/** `x-kubernetes-patch-strategy` and `x-kubernetes-patch-merge-key`. */
export interface PatchStrategy {
  readonly merge: boolean;
  readonly retainKeys: boolean;
  /** "" for lists of scalars. */
  readonly mergeKey: string;
}

/** What is known of a value of which nothing is known. */
export const anySchema: AnySchema = { type: "any" };

/** A field of a struct, or what is known of a key of a map; undefined: nothing may be there. */
export function schemaAt(schema: TypeSchema | undefined, key: string): TypeSchema | undefined {
  switch (schema?.type) {
    case "struct":
      return schema.fields.get(key)?.schema ?? schema.others;
    case "map":
      return schema.items;
    case "any":
      return anySchema;
    case "list":
    case "scalar":
    case undefined:
      return undefined;
  }
}

/** What is known of the items of a list. */
export function itemSchema(schema: TypeSchema | undefined): TypeSchema {
  return schema?.type === "list" ? schema.items : anySchema;
}

/** How the path of an item of a keyed list is written in fieldsV1: `k:{"name":"x"}`; an absent key has its default. */
export function itemKey(item: JSONObject, schema: ListSchema): string {
  const { items } = schema;
  const key: JSONObject = {};
  for (const name of schema.keys) {
    const value = item[name] ?? (items.type === "struct" ? items.fields.get(name)?.default : undefined);
    if (value !== undefined) key[name] = value;
  }
  return `k:${JSON.stringify(key)}`;
}
