import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { getField, setField } from "../json.ts";
import { anySchema, itemKey, itemSchema, schemaAt, type TypeSchema } from "../schema/type_schema.ts";
import { fieldsOf } from "./compare.ts";
import { difference, emptySet, type FieldSet, intersection, isEmptySet, node, union } from "./field_set.ts";

/**
 * The merged object without what a manager applied last time and does not apply any more, unless somebody else owns it.
 * @param last what the manager applied last time
 * @param owned what all managers own, this one's new configuration included
 */
export function pruneApplied(merged: JSONObject, last: FieldSet, owned: FieldSet, schema: TypeSchema): JSONObject {
  if (isEmptySet(last)) return merged;
  const all = withNamedFields(fieldsOf(merged, "applied", schema), schema);
  const applied = withNamedFields(last, schema);
  const without = removeFields(merged, applied, schema);
  // What went with its container although somebody owns it comes back, and what nobody ever applied does so too.
  const unowned = difference(all, union(fieldsLeft(without, schema), withNamedFields(owned, schema)));
  const restored = removeFields(merged, unowned, schema);
  const gone = intersection(difference(all, fieldsLeft(restored, schema)), applied);
  return removeFields(merged, gone, schema);
}

function fieldsLeft(object: JSONObject, schema: TypeSchema): FieldSet {
  return withNamedFields(fieldsOf(object, "applied", schema), schema);
}

/** Fields of structs that have something in the set below them are members, too; keys of maps and items are not. */
function withNamedFields(set: FieldSet, schema: TypeSchema): FieldSet {
  const children = [...set.children].map(([name, child]) => {
    const field = name.startsWith("f:") ? name.slice(2) : undefined;
    const below = field === undefined ? itemSchema(schema) : schemaAt(schema, field) ?? anySchema;
    const whole = withNamedFields(child, below);
    const isNamed = field !== undefined && schema.type === "struct" && schema.fields.has(field);
    return [name, isNamed ? { ...whole, member: true } : whole] as const;
  });
  return node(set.member, children);
}

function removeFields(object: JSONObject, set: FieldSet, schema: TypeSchema): JSONObject {
  // Metadata holds what nobody owns: its name.
  const metadata = set.children.get("f:metadata");
  const children = new Map(set.children);
  if (metadata !== undefined) children.set("f:metadata", { ...metadata, member: false });
  const left = removeFrom(object, { ...set, children }, schema);
  return isJsonObject(left) ? left : {};
}

/** What is left of a value without the parts in the set; null when that is nothing. */
function removeFrom(value: JSONValue, set: FieldSet, schema: TypeSchema): JSONValue {
  if (Array.isArray(value)) {
    if (schema.type !== "list" || schema.list === "atomic") return null;
    const items = value.flatMap((item): JSONValue[] => {
      const isKeyed = schema.list === "map" && isJsonObject(item);
      const part = set.children.get(isKeyed ? itemKey(item, schema) : `v:${JSON.stringify(item)}`) ?? emptySet;
      if (part.member) return [];
      return [part.children.size === 0 ? item : removeFrom(item, part, schema.items)];
    });
    return items.length === 0 ? null : items;
  }
  if (!isJsonObject(value)) return value;
  if ((schema.type === "struct" || schema.type === "map") && schema.atomic) return null;
  const left: JSONObject = {};
  for (const key of Object.keys(value)) {
    const part = set.children.get(`f:${key}`) ?? emptySet;
    if (part.member) continue;
    const field = getField(value, key);
    setField(left, key, part.children.size === 0 ? field : removeFrom(field, part, schemaAt(schema, key) ?? anySchema));
  }
  return Object.keys(left).length === 0 ? null : left;
}
