import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { deepCopy, getField, setField } from "../json.ts";
import { anySchema, itemKey, type ListSchema, schemaAt, type TypeSchema } from "../schema/type_schema.ts";

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
  // Null is an empty map or list here, to which nothing is added.
  if (applied === null && isContainer(live, schema)) return live;
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

/** Is it a map or list with something in it that may have owners of its own? */
function isContainer(value: JSONValue, schema: TypeSchema): boolean {
  if (Array.isArray(value)) return value.length > 0 && schema.type === "list" && schema.list !== "atomic";
  return isJsonObject(value) && Object.keys(value).length > 0 && !isAtomicObject(schema);
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
