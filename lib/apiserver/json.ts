import type { JSONObject, JSONValue } from "../k8s/contract.ts";
import { isJsonObject } from "../k8s/errors.ts";

/** Are two JSON values equal, whatever the order of their keys? An absent key equals one that is undefined. */
export function deepEqual(left: JSONValue, right: JSONValue): boolean {
  if (left === right) return true;
  if (Array.isArray(left)) {
    return Array.isArray(right) && left.length === right.length &&
      left.every((item, index) => deepEqual(item, right[index]));
  }
  if (!isJsonObject(left) || !isJsonObject(right)) return false;
  for (const key of Object.keys(left)) if (!deepEqual(left[key], getField(right, key))) return false;
  for (const key of Object.keys(right)) if (right[key] !== undefined && getField(left, key) === undefined) return false;
  return true;
}

/** JSON with the keys of all objects in order: two values have the same if they are {@link deepEqual}. */
export function canonicalJson(value: JSONValue): string {
  return JSON.stringify(inOrder(value)) ?? "null";
}

function inOrder(value: JSONValue): JSONValue {
  if (Array.isArray(value)) return value.map(inOrder);
  if (!isJsonObject(value)) return value;
  const ordered: JSONObject = {};
  for (const key of Object.keys(value).sort()) setField(ordered, key, inOrder(getField(value, key)));
  return ordered;
}

/** A copy that shares nothing with the original. Cheaper than structuredClone for what JSON can hold. */
export function deepCopy(value: JSONValue): JSONValue {
  if (Array.isArray(value)) return value.map(deepCopy);
  return isJsonObject(value) ? copyObject(value) : value;
}

/** {@link deepCopy} of an object; keys without a value are left out. */
export function copyObject(object: JSONObject): JSONObject {
  const copy: JSONObject = {};
  for (const key of Object.keys(object)) if (object[key] !== undefined) setField(copy, key, deepCopy(object[key]));
  return copy;
}

/** Sets a field of any name: plain assignment to `__proto__`, which a client may send, would not make a field. */
export function setField(object: JSONObject, key: string, value: JSONValue): void {
  if (key !== "__proto__") object[key] = value;
  else Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}

/** A field that the object itself has. */
export function getField(object: JSONObject, key: string): JSONValue {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** The object at a field; an empty one where there is none. */
export function objectAt(object: JSONObject, key: string): JSONObject {
  const value = getField(object, key);
  return isJsonObject(value) ? value : {};
}

/** The string at a field; "" where there is none. */
export function stringAt(object: JSONObject, key: string): string {
  const value = getField(object, key);
  return typeof value === "string" ? value : "";
}

/** The array at a field; an empty one where there is none. */
export function arrayAt(object: JSONObject, key: string): readonly JSONValue[] {
  const value = getField(object, key);
  return Array.isArray(value) ? value : [];
}

/** The strings of the array at a field. */
export function stringsAt(object: JSONObject, key: string): readonly string[] {
  return arrayAt(object, key).filter((item) => typeof item === "string");
}

/** The objects of the array at a field. */
export function objectsAt(object: JSONObject, key: string): readonly JSONObject[] {
  return arrayAt(object, key).filter(isJsonObject);
}

/** Parses what this server itself wrote. */
export function parseStored(json: string): JSONObject {
  const value: JSONValue = JSON.parse(json);
  if (!isJsonObject(value)) throw new TypeError("a stored document is no JSON object");
  return value;
}
