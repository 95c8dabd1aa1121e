import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { deepCopy, getField, setField } from "../json.ts";
import { difference, emptySet, type FieldSet, isEmptySet, union } from "./field_set.ts";
import { isAtomic, isSet, itemKey, listKeyOf } from "./list_keys.ts";

/** The live value with an apply configuration laid over it. The live value is changed. */
export function mergeApplied(live: JSONValue, applied: JSONValue, path = ""): JSONValue {
  if (isJsonObject(live) && isJsonObject(applied) && !isAtomic(path)) {
    for (const key of Object.keys(applied)) {
      const value = applied[key];
      if (value === undefined) continue;
      setField(live, key, mergeApplied(getField(live, key), value, `${path}.${key}`));
    }
    return live;
  }
  if (Array.isArray(live) && Array.isArray(applied)) {
    if (isSet(path)) return [...new Set([...live, ...applied])];
    const keys = listKeyOf(path);
    if (keys !== undefined) return mergeItems(live, applied, keys, path);
  }
  return deepCopy(applied);
}

function mergeItems(
  live: readonly JSONValue[],
  applied: readonly JSONValue[],
  keys: readonly string[],
  path: string,
): JSONValue[] {
  const merged = [...live];
  for (const item of applied.filter(isJsonObject)) {
    const key = itemKey(item, keys);
    const index = merged.findIndex((each) => isJsonObject(each) && itemKey(each, keys) === key);
    if (index < 0) merged.push(deepCopy(item));
    else merged[index] = mergeApplied(merged[index], item, `${path}[]`);
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
): void {
  const gone = difference(before, applied);
  if (!isEmptySet(gone)) pruneBelow(value, gone, applied, others.reduce(union, emptySet), "");
}

function pruneBelow(value: JSONValue, gone: FieldSet, kept: FieldSet, others: FieldSet, path: string): JSONValue {
  const keys = listKeyOf(path);
  if (Array.isArray(value)) {
    return value.flatMap((item): JSONValue[] => {
      const name = isJsonObject(item) && keys !== undefined ? itemKey(item, keys) : `v:${JSON.stringify(item)}`;
      const left = prunePart(item, name, gone, kept, others, `${path}[]`);
      return left === undefined ? [] : [left];
    });
  }
  if (!isJsonObject(value)) return value;
  for (const key of Object.keys(value)) {
    const left = prunePart(getField(value, key), `f:${key}`, gone, kept, others, `${path}.${key}`);
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
  path: string,
): JSONValue {
  const part = gone.children.get(name);
  if (part === undefined) return value;
  const stays = kept.children.get(name) ?? emptySet;
  const shared = others.children.get(name) ?? emptySet;
  // It goes with all that is in it, also with defaults that nobody owns, unless a part of it has an owner still.
  if (part.member && isEmptySet(stays) && isEmptySet(shared)) return undefined;
  if (part.children.size === 0) return value;
  const left = pruneBelow(value, part, stays, shared, path);
  // A map of which nothing is left goes too.
  return isJsonObject(left) && Object.keys(left).length === 0 ? undefined : left;
}
