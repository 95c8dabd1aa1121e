import type { JSONArray, JSONObject, JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { deepCopy, deepEqual, getField, setField } from "../json.ts";

/**
 * Why a JSON patch could not be applied.
 */
export class JsonPatchError extends Error {
  override readonly name = "JsonPatchError";
}

type Container = JSONObject | JSONArray;

/** Most bytes that all copies of one patch may come to, as in the real server: each may double what there is. */
const mostCopied = 3 * 1_024 * 1_024;

/**
 * Applies a JSON patch (RFC 6902) the way the real server does, which reads the RFC generously: `test` against null
 * passes where the member is absent (but not where its parent is), and `replace` of an absent member of an object adds
 * it. Negative indices count from the end. The document is changed, and left half-changed by an error.
 * @throws JsonPatchError
 */
export function applyJsonPatch(document: JSONObject, patch: readonly JSONValue[]): JSONObject {
  // A root around the document, so that the path "" is a member like any other.
  const root: JSONObject = { "": document };
  let copied = 0;
  for (const operation of patch) {
    if (!isJsonObject(operation)) throw new JsonPatchError("an operation is no object");
    if (operation["op"] === "copy") copied += sizeOfCopy(root, operation);
    if (copied > mostCopied) throw new JsonPatchError(`the copies come to more than ${mostCopied} bytes`);
    applyOperation(root, operation);
  }
  const result = root[""];
  if (!isJsonObject(result)) throw new JsonPatchError("the patched document is no object");
  return result;
}

function sizeOfCopy(root: JSONObject, { from }: JSONObject): number {
  return typeof from === "string" ? JSON.stringify(get(...resolve(root, from, "copy")) ?? null).length : 0;
}

function applyOperation(root: JSONObject, operation: JSONObject): void {
  const { op, path, value } = operation;
  if (typeof path !== "string") throw new JsonPatchError("an operation has no path");
  switch (op) {
    case "add":
      return add(root, path, valueOf(operation));
    case "remove":
      return remove(root, path);
    case "replace": {
      const [container, key] = resolve(root, path, "replace");
      if (Array.isArray(container)) container[indexOf(container, key, container.length - 1)] = valueOf(operation);
      else setField(container, key, valueOf(operation));
      return;
    }
    case "test":
      return test(root, path, value);
    case "move":
    case "copy": {
      const source = operation["from"];
      if (typeof source !== "string") throw new JsonPatchError(`${op} has no from`);
      const [container, key] = resolve(root, source, op);
      const moved = get(container, key);
      if (op === "move") remove(root, source);
      return add(root, path, op === "copy" ? deepCopy(moved ?? null) : moved);
    }
    default:
      throw new JsonPatchError(`unexpected kind of operation: ${JSON.stringify(op)}`);
  }
}

function valueOf(operation: JSONObject): JSONValue {
  // The real server reads a missing value as null.
  return deepCopy(operation["value"] ?? null);
}

function add(root: JSONObject, path: string, value: JSONValue): void {
  const [container, key] = resolve(root, path, "add");
  if (!Array.isArray(container)) setField(container, key, value);
  else if (key === "-") container.push(value);
  else container.splice(indexOf(container, key, container.length), 0, value);
}

function remove(root: JSONObject, path: string): void {
  const [container, key] = resolve(root, path, "remove");
  if (Array.isArray(container)) container.splice(indexOf(container, key, container.length - 1), 1);
  else if (!Object.hasOwn(container, key)) {
    throw new JsonPatchError(
      `error in remove for path: '${path}': Unable to remove nonexistent key: ${key}: missing value`,
    );
  } else delete container[key];
}

function test(root: JSONObject, path: string, wanted: JSONValue): void {
  const [container, key] = resolve(root, path, "test");
  const value = get(container, key);
  if (!deepEqual(value ?? null, wanted ?? null)) throw new JsonPatchError(`testing value ${path} failed: test failed`);
}

/** The container that holds the last part of a path, and that part. */
function resolve(root: JSONObject, path: string, op: string): readonly [Container, string] {
  if (path !== "" && !path.startsWith("/")) throw new JsonPatchError(`${op} of "${path}": a path begins with "/"`);
  const keys = path.split("/").map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
  const last = keys.pop() ?? "";
  let container: Container = root;
  for (const key of keys) {
    const next = get(container, key);
    if (!Array.isArray(next) && !isJsonObject(next)) {
      throw new JsonPatchError(`${op} operation does not apply: doc is missing path: "${path}": missing value`);
    }
    container = next;
  }
  return [container, last];
}

function get(container: Container, key: string): JSONValue {
  return Array.isArray(container) ? container[indexOf(container, key, container.length - 1)] : getField(container, key);
}

function indexOf(array: JSONArray, key: string, highest: number): number {
  if (!/^-?(0|[1-9]\d*)$/.test(key)) throw new JsonPatchError(`"${key}" is no index of an array`);
  const index = Number(key);
  const resolved = index < 0 ? index + highest + 1 : index;
  if (resolved < 0 || resolved > highest) {
    throw new JsonPatchError(`index ${key} is outside of an array of ${array.length}`);
  }
  return resolved;
}
