import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { listKeyOf } from "../apply/list_keys.ts";
import { deepCopy, getField, setField } from "../json.ts";
import { notSupported } from "../status.ts";

/**
 * Applies a strategic merge patch: as a merge patch, but lists whose items have a key are merged item by item. Of the
 * directives `$patch: delete` and `$patch: replace` are known.
 * @throws StatusError 501 for other directives.
 */
export function applyStrategicPatch(target: JSONObject, patch: JSONObject, path = ""): JSONObject {
  for (const key of Object.keys(patch)) {
    if (key.startsWith("$")) throw notSupported(`the directive ${key} in a strategic merge patch`);
    const change = patch[key];
    const field = getField(target, key);
    const at = `${path}.${key}`;
    if (change === null) delete target[key];
    else if (isJsonObject(change)) {
      const replaces = change["$patch"] === "replace";
      delete change["$patch"];
      setField(target, key, applyStrategicPatch(isJsonObject(field) && !replaces ? field : {}, change, at));
    } else if (Array.isArray(change)) {
      setField(target, key, mergeList(Array.isArray(field) ? field : [], change, at));
    } else if (change !== undefined) setField(target, key, change);
  }
  return target;
}

function mergeList(target: readonly JSONValue[], patch: readonly JSONValue[], path: string): JSONValue[] {
  // Finalizers are a set of strings, all other lists without a key are replaced.
  if (path === ".metadata.finalizers") return [...new Set([...target, ...patch])];
  const keys = listKeyOf(path);
  if (keys === undefined || !patch.every(isJsonObject)) return patch.map(deepCopy);
  const merged: JSONValue[] = [...target];
  for (const item of patch) {
    const index = merged.findIndex((each) => isJsonObject(each) && keys.every((key) => each[key] === item[key]));
    const known = merged[index];
    if (item["$patch"] === "delete") {
      if (index >= 0) merged.splice(index, 1);
    } else if (isJsonObject(known)) merged[index] = applyStrategicPatch(known, item, `${path}[]`);
    else merged.push(applyStrategicPatch({}, item, `${path}[]`));
  }
  return merged;
}
