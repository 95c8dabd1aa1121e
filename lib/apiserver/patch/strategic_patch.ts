import type { JSONArray, JSONObject, JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { canonicalJson, deepCopy, getField, setField } from "../json.ts";
import { anySchema, type FieldSchema, itemSchema, schemaAt, type TypeSchema } from "../schema/type_schema.ts";
import { badRequest, plainError } from "../status.ts";
import { goFormat } from "./go_format.ts";
import { identityOf, orderLike } from "./element_order.ts";

const directive = "$patch";
const retainKeys = "$retainKeys";
const deleteFrom = "$deleteFromPrimitiveList/";
const elementOrder = "$setElementOrder/";

/**
 * Applies a strategic merge patch: as a merge patch, but lists whose schema says so are merged item by item, and
 * directives (`$patch`, `$retainKeys`, `$deleteFromPrimitiveList/x`, `$setElementOrder/x`) say what a value cannot.
 * The target and the patch are changed.
 * @throws StatusError 400 or 500 for directives that make no sense, as the real server.
 */
export function applyStrategicPatch(target: JSONObject, patch: JSONObject, schema: TypeSchema): JSONObject {
  const marker = getField(patch, directive);
  if (marker === "replace") return withoutDirectives({ ...patch, [directive]: undefined });
  if (marker === "delete") return {};
  if (marker !== undefined && marker !== "merge") {
    throw plainError(`unknown patch type: ${String(marker)} in map: ${goFormat(patch)}`);
  }
  keepOnly(target, patch);
  const server = { ...target };
  const orders = Object.keys(patch).filter((key) => key.startsWith(elementOrder));
  for (const key of Object.keys(patch)) {
    const change = getField(patch, key);
    if (change === undefined || key === directive || key === retainKeys || key.startsWith(elementOrder)) continue;
    if (key.startsWith(deleteFrom)) remove(target, key.slice(deleteFrom.length), change);
    else applyField(target, key, change, patch, schema);
  }
  for (const key of orders) applyOrder(target, key.slice(elementOrder.length), patch, schema, server);
  return target;
}

/** `$retainKeys` lists the keys that are left; the patch may set no others. */
function keepOnly(target: JSONObject, patch: JSONObject): void {
  const kept = getField(patch, retainKeys);
  if (kept === undefined) return;
  if (!Array.isArray(kept)) throw badRequest(badRetainKeys);
  for (const key of Object.keys(patch)) {
    if (patch[key] !== null && !key.startsWith("$") && !kept.includes(key)) throw badRequest(badRetainKeys);
  }
  for (const key of Object.keys(target)) if (!kept.includes(key)) delete target[key];
}

const badRetainKeys = "invalid patch format of retainKeys";

function remove(target: JSONObject, key: string, change: JSONValue): void {
  if (!Array.isArray(change)) throw badRequest(`the value of ${deleteFrom}${key} is no list`);
  const list = getField(target, key);
  if (Array.isArray(list)) {
    const gone = new Set(change.map(canonicalJson));
    setField(target, key, list.filter((item) => !gone.has(canonicalJson(item))));
  }
}

function applyField(
  target: JSONObject,
  key: string,
  change: JSONValue,
  patch: JSONObject,
  schema: TypeSchema,
): void {
  const given = getField(target, key);
  const below = schemaAt(schema, key) ?? anySchema;
  if (change === null) delete target[key];
  else if (isJsonObject(change)) {
    if (isJsonObject(given)) setField(target, key, applyStrategicPatch(given, change, below));
    else if (change[directive] === undefined) setField(target, key, withoutDirectives(change));
  } else if (Array.isArray(change)) {
    const field = schema.type === "struct" ? schema.fields.get(key) : undefined;
    if (!Array.isArray(given) || field?.patch.merge !== true) {
      setField(target, key, listWithoutDirectives(change));
    } else if (getField(patch, elementOrder + key) === undefined) {
      const merged = mergeList(given, change, field);
      setField(target, key, orderLike(merged, change, given, field.patch.mergeKey));
    } else setField(target, key, mergeList(given, change, field));
  } else setField(target, key, change);
}

/** Puts a list in the order that a directive gives; what it does not name stays where it is among the others. */
function applyOrder(
  target: JSONObject,
  key: string,
  patch: JSONObject,
  schema: TypeSchema,
  server: JSONObject,
): void {
  const order = getField(patch, elementOrder + key);
  const field = schema.type === "struct" ? schema.fields.get(key) : undefined;
  if (!Array.isArray(order)) throw badRequest(`the value of ${elementOrder}${key} is no list`);
  if (field === undefined) {
    const struct = schema.type === "struct" ? schema.name.slice(schema.name.lastIndexOf(".") + 1) : "";
    throw plainError(`unable to find api field in struct ${struct} for the json field ${JSON.stringify(key)}`);
  }
  const { mergeKey } = field.patch;
  const items = getField(patch, key);
  const known = new Set(order.map((each) => identityOf(each, mergeKey)));
  const named = (item: JSONValue): boolean => {
    if (isJsonObject(item) && item[directive] !== undefined) return true;
    return known.has(identityOf(item, mergeKey));
  };
  if (Array.isArray(items) && !items.every(named)) {
    // The real server has no Status of its own for this.
    throw plainError(
      `The order in patch list:\n${goFormat(items)}\n doesn't match $setElementOrder list:\n${goFormat(order)}\n`,
    );
  }
  const list = getField(target, key);
  const before = getField(server, key);
  if (!Array.isArray(list)) return;
  setField(target, key, orderLike(list, order, Array.isArray(before) ? before : [], mergeKey));
}

function mergeList(given: JSONArray, change: JSONArray, { patch, schema }: FieldSchema): JSONArray {
  const { mergeKey } = patch;
  if (mergeKey === "") {
    const known = new Set(given.map(canonicalJson));
    return [...given, ...change.filter((item) => !known.has(canonicalJson(item)))];
  }
  const items = change.map((item) => {
    if (isJsonObject(item)) return item;
    throw plainError(`an item of a list that is merged by ${JSON.stringify(mergeKey)} is no object`);
  });
  if (items.some((item) => item[directive] === "replace")) {
    return listWithoutDirectives(items.filter((item) => item[directive] === undefined));
  }
  const merged: JSONValue[] = [...given];
  const places = new Map<string, number[]>();
  const note = (item: JSONValue, index: number): void => {
    const identity = identityOf(item, mergeKey);
    const known = places.get(identity);
    if (known === undefined) places.set(identity, [index]);
    else known.push(index);
  };
  given.forEach(note);
  for (const item of items) {
    if (item[mergeKey] === undefined) {
      throw plainError(`map: ${goFormat(item)} does not contain declared merge key: ${mergeKey}`);
    }
    const identity = identityOf(item, mergeKey);
    const [index = -1, ...more] = places.get(identity) ?? [];
    const known = merged[index];
    if (item[directive] === "delete") {
      for (const each of [index, ...more]) if (each >= 0) merged[each] = undefined;
      places.delete(identity);
    } else if (isJsonObject(known)) merged[index] = applyStrategicPatch(known, item, itemSchema(schema));
    else note(item, merged.push(withoutDirectives(item)) - 1);
  }
  return merged.filter((item) => item !== undefined);
}

/** What a patch comes to where there is nothing to patch. */
function withoutDirectives(patch: JSONObject): JSONObject {
  const value: JSONObject = {};
  for (const key of Object.keys(patch)) {
    const part = getField(patch, key);
    if (key.startsWith("$") || part === undefined || part === null) continue;
    if (isJsonObject(part)) {
      if (part[directive] !== "delete") setField(value, key, withoutDirectives(part));
    } else setField(value, key, Array.isArray(part) ? listWithoutDirectives(part) : part);
  }
  return value;
}

function listWithoutDirectives(items: JSONArray): JSONArray {
  return items.flatMap((item): JSONArray => {
    if (!isJsonObject(item)) return [deepCopy(item)];
    return item[directive] === "delete" || item[directive] === "replace" ? [] : [withoutDirectives(item)];
  });
}
