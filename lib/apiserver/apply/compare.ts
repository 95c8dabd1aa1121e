import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { deepEqual, getField } from "../json.ts";
import { anySchema, itemKey, schemaAt, type TypeSchema } from "../schema/type_schema.ts";
import { emptySet, type FieldSet, leaf, node } from "./field_set.ts";

/** Which fields came or changed, and which went. */
export interface Comparison {
  readonly changed: FieldSet;
  readonly removed: FieldSet;
}

/**
 * What counts as a field: those of an apply configuration ("applied"), or those of something that a plain write adds
 * ("added").
 */
export type FieldMode = "applied" | "added";

/**
 * The fields of an object. Those of an apply configuration do not own the structs that they set fields of; what a plain
 * write adds, it owns as a whole.
 */
export function fieldsOf(object: JSONObject, mode: FieldMode, schema: TypeSchema): FieldSet {
  return walk(object, mode, schema, "", mode === "applied");
}

/** @param declared is the value a field of a struct, and no key of a map or item of a list? */
function walk(value: JSONValue, mode: FieldMode, schema: TypeSchema, path: string, declared: boolean): FieldSet {
  const parts = partsOf(value, schema, path);
  if (parts === undefined) return leaf;
  const owned = path !== "" && (!declared || mode === "added");
  // An empty struct is a leaf. Metadata may look empty when only the server owns what is in it.
  if (parts.size === 0) {
    if (path === "" || path === ".metadata") return emptySet;
    return Array.isArray(value) && mode === "applied" ? emptySet : leaf;
  }
  return node(
    owned,
    [...parts].map(([name, part]) => [name, walk(part.value, mode, part.schema, part.path, part.declared)] as const),
  );
}

/**
 * Compares two states of an object, or of a part of it.
 * @param before what Go writes of an empty object, when there was none.
 */
export function compare(before: JSONValue, after: JSONValue, schema: TypeSchema, path = ""): Comparison {
  // Most of an object stays as it is, and to see that takes less time than to take it apart.
  if (deepEqual(before, after)) return nothing;
  if (before === undefined) return { changed: walk(after, "added", schema, path, false), removed: emptySet };
  if (after === undefined) return { changed: emptySet, removed: walk(before, "added", schema, path, false) };
  // Null stands for an empty list or map where Go always writes one.
  const old = before === null && typeof after === "object" && after !== null
    ? partsOf(Array.isArray(after) ? [] : {}, schema, path)
    : partsOf(before, schema, path);
  const now = after === null && old !== undefined ? noParts : partsOf(after, schema, path);
  if (old === undefined || now === undefined) {
    const removed = old === undefined ? emptySet : walk(before, "added", schema, path, false);
    return { changed: walk(after, "added", schema, path, false), removed: now === undefined ? removed : emptySet };
  }
  const changed: (readonly [string, FieldSet])[] = [];
  const removed: (readonly [string, FieldSet])[] = [];
  for (const name of new Set([...old.keys(), ...now.keys()])) {
    const [from, to] = [old.get(name), now.get(name)];
    const part = from ?? to;
    if (part === undefined) continue;
    const below = compare(from?.value, to?.value, part.schema, part.path);
    changed.push([name, below.changed]);
    removed.push([name, below.removed]);
  }
  return { changed: node(false, changed), removed: node(false, removed) };
}

const nothing: Comparison = { changed: emptySet, removed: emptySet };

/** A part of a value that can have owners of its own. */
interface Part {
  readonly value: JSONValue;
  readonly schema: TypeSchema;
  readonly path: string;
  readonly declared: boolean;
}

const noParts: ReadonlyMap<string, Part> = new Map();

/** The parts of a value by their name in fieldsV1; undefined when the value has one owner. */
function partsOf(value: JSONValue, schema: TypeSchema, path: string): ReadonlyMap<string, Part> | undefined {
  if (Array.isArray(value)) return itemsOf(value, schema, path);
  if (!isJsonObject(value) || schema.type === "scalar" || schema.type === "list") return undefined;
  if (schema.type !== "any" && schema.atomic) return undefined;
  const parts = new Map<string, Part>();
  for (const name of Object.keys(value)) {
    const part = getField(value, name);
    const below = `${path}.${name}`;
    if (part === undefined || isOwnerless(below)) continue;
    const declared = schema.type === "struct" && schema.fields.has(name);
    parts.set(`f:${name}`, { value: part, schema: schemaAt(schema, name) ?? anySchema, path: below, declared });
  }
  return parts;
}

function itemsOf(
  value: readonly JSONValue[],
  schema: TypeSchema,
  path: string,
): ReadonlyMap<string, Part> | undefined {
  if (schema.type !== "list" || schema.list === "atomic") return undefined;
  const parts = new Map<string, Part>();
  for (const item of value) {
    const key = schema.list === "set"
      ? `v:${JSON.stringify(item)}`
      : isJsonObject(item)
      ? itemKey(item, schema)
      : undefined;
    const same = key === undefined ? undefined : parts.get(key);
    if (key !== undefined && same !== undefined) {
      // Items with the same key have one owner, together.
      parts.set(key, { ...same, value: [same.value, item], schema: together });
    } else if (key !== undefined) {
      parts.set(key, { value: item, schema: schema.items, path: `${path}[]`, declared: false });
    }
  }
  return parts;
}

const together: TypeSchema = { type: "list", list: "atomic", keys: [], items: anySchema };

const ownerless: ReadonlySet<string> = new Set([
  ".apiVersion",
  ".kind",
  ...[
    "name",
    "namespace",
    "creationTimestamp",
    "selfLink",
    "uid",
    "generation",
    "managedFields",
    "resourceVersion",
  ].map((name) => `.metadata.${name}`),
]);

/** Fields that the server itself keeps have no owner. */
function isOwnerless(path: string): boolean {
  return ownerless.has(path);
}
