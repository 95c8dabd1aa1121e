import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { deepCopy, getField, setField } from "../json.ts";
import { anySchema, itemKey, itemSchema, type ListSchema, schemaAt, type TypeSchema } from "../schema/type_schema.ts";
import { difference, emptySet, type FieldSet, isEmptySet, union } from "./field_set.ts";

/** The live object with an apply configuration laid over it. The live object is changed. */
export function mergeApplied(live: JSONObject, applied: JSONObject, schema: TypeSchema): JSONObject {
  for (const key of Object.keys(applied)) {
    const value = applied[key];
    if (value === undefined) continue;
    setField(live, key, mergeValue(getField(live, key), value, schemaAt(schema, key) ?? anySchema));
  }
  return live;
}

function mergeValue(live: JSONValue, applied: JSONValue, schema: TypeSchema): JSONValue {
  if (isJsonObject(live) && isJsonObject(applied) && !isAtomicObject(schema)) {
    return mergeApplied(live, applied, schema);
  }
  if (Array.isArray(live) && Array.isArray(applied) && schema.type === "list") {
    if (schema.list === "set") {
      return mergeLists(live, applied, (item) => JSON.stringify(item) ?? "", (_, item) => item);
    }
    if (schema.list === "map") return mergeItems(live, applied, schema);
  }
  return deepCopy(applied);
}

function isAtomicObject(schema: TypeSchema): boolean {
  return (schema.type === "struct" || schema.type === "map") && schema.atomic;
}

/** Items come in the order in which they are applied; those of others keep their place among them. */
function mergeItems(live: readonly JSONValue[], applied: readonly JSONValue[], schema: ListSchema): JSONValue[] {
  const key = (item: JSONValue): string => isJsonObject(item) ? itemKey(item, schema) : "";
  return mergeLists(live, applied, key, (before, item) => mergeValue(before, item, schema.items));
}

/** Merges two lists of items with keys as structured-merge-diff orders them. */
function mergeLists(
  live: readonly JSONValue[],
  applied: readonly JSONValue[],
  keyOf: (item: JSONValue) => string,
  merge: (live: JSONValue, applied: JSONValue) => JSONValue,
): JSONValue[] {
  const known = new Map(live.map((item) => [keyOf(item), item]));
  const wanted = new Set(applied.map(keyOf));
  const shared = applied.map(keyOf).filter((key) => known.has(key));
  const done = new Set<string>();
  const merged: JSONValue[] = [];
  let [left, right] = [0, 0];
  while (left < live.length || right < applied.length) {
    const key = left < live.length ? keyOf(live[left]) : undefined;
    if (key !== undefined && !wanted.has(key)) {
      merged.push(live[left++]);
      continue;
    }
    const next = right < applied.length ? keyOf(applied[right]) : undefined;
    // A shared item stands where it is applied, not where it stood.
    if (key !== undefined && key !== next && (next === undefined || done.has(key) || shared[0] !== key)) {
      left++;
      continue;
    }
    if (next === undefined) continue;
    merged.push(known.has(next) ? merge(known.get(next), applied[right]) : deepCopy(applied[right]));
    done.add(next);
    right++;
    if (key === next) left++;
    if (shared[0] === next) shared.shift();
  }
  return merged;
}

/**
 * Takes away what a manager applied last time and does not apply any more, unless somebody else owns it too.
 * The value is changed.
 */
export function prune(
  value: JSONObject,
  before: FieldSet,
  applied: FieldSet,
  others: readonly FieldSet[],
  schema: TypeSchema,
): void {
  const gone = difference(before, applied);
  if (!isEmptySet(gone)) pruneBelow(value, gone, applied, others.reduce(union, emptySet), schema);
}

function pruneBelow(
  value: JSONValue,
  gone: FieldSet,
  kept: FieldSet,
  others: FieldSet,
  schema: TypeSchema,
): JSONValue {
  if (Array.isArray(value)) {
    return value.flatMap((item): JSONValue[] => {
      const isKeyed = isJsonObject(item) && schema.type === "list" && schema.list === "map";
      const name = isKeyed ? itemKey(item, schema) : `v:${JSON.stringify(item)}`;
      const left = prunePart(item, name, gone, kept, others, itemSchema(schema));
      return left === undefined ? [] : [left];
    });
  }
  if (!isJsonObject(value)) return value;
  for (const key of Object.keys(value)) {
    const left = prunePart(getField(value, key), `f:${key}`, gone, kept, others, schemaAt(schema, key) ?? anySchema);
    if (left === undefined) delete value[key];
    else setField(value, key, left);
  }
  return value;
}

/** What is left of a part; undefined when it goes. */
function prunePart(
  value: JSONValue,
  name: string,
  gone: FieldSet,
  kept: FieldSet,
  others: FieldSet,
  schema: TypeSchema,
): JSONValue {
  const part = gone.children.get(name);
  if (part === undefined) return value;
  const stays = kept.children.get(name) ?? emptySet;
  const shared = others.children.get(name) ?? emptySet;
  // It goes with all that is in it, also with defaults that nobody owns, unless a part of it has an owner still.
  if (part.member && isEmptySet(stays) && isEmptySet(shared)) return undefined;
  if (part.children.size === 0) return value;
  const left = pruneBelow(value, part, stays, shared, schema);
  // A map of which nothing is left goes too.
  return isJsonObject(left) && Object.keys(left).length === 0 ? undefined : left;
}
