import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { deepCopy, getField, setField } from "../json.ts";

/** Applies a merge patch (RFC 7386). The target is changed; null in the patch removes a field. */
export function applyMergePatch(target: JSONObject, patch: JSONObject): JSONObject {
  for (const key of Object.keys(patch)) {
    const change = patch[key];
    if (change === null) delete target[key];
    else if (isJsonObject(change)) {
      const field = getField(target, key);
      setField(target, key, applyMergePatch(isJsonObject(field) ? field : {}, change));
    } else if (change !== undefined) setField(target, key, deepCopy(change));
  }
  return target;
}

/** Is the value a merge patch of an object? */
export function isMergePatch(patch: JSONValue): patch is JSONObject {
  return isJsonObject(patch);
}
