import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { deepEqual, getField } from "../json.ts";
import { emptySet, type FieldSet, leaf, node } from "./field_set.ts";
import { isAlwaysThere, isAtomic, isSet, itemKey, listKeyOf } from "./list_keys.ts";

/** Which fields came or changed, and which went. */
export interface Comparison {
  readonly changed: FieldSet;
  readonly removed: FieldSet;
}

/**
 * What counts as a field: those of an apply configuration ("applied"), or those of an object that is written, of a kind
 * of the server's own ("whole") or of a custom resource ("custom").
 */
export type FieldMode = "applied" | "whole" | "custom";

/**
 * The fields of a value. Those of an apply configuration do not own the maps that they set keys of; what a plain write
 * adds, it owns as a whole.
 */
export function fieldsOf(value: JSONValue, mode: FieldMode, path = ""): FieldSet {
  const parts = partsOf(value, path);
  if (parts === undefined) return leaf;
  const isApplied = mode === "applied";
  const owned = path !== "" && (parts.isItem || (!isApplied && !isAlwaysThere(path, mode === "custom")));
  // An empty struct is a leaf. Metadata may look empty when only the server owns what is in it.
  if (parts.entries.size === 0) {
    return path === "" || path === ".metadata" || Array.isArray(value) || (!isApplied && !owned) ? emptySet : leaf;
  }
  return node(owned, mapEntries(parts, (part, below) => fieldsOf(part, mode, below)));
}

/** Compares two states of an object, or of a part of it. */
export function compare(before: JSONValue, after: JSONValue, mode: "whole" | "custom", path = ""): Comparison {
  if (before === undefined && after === undefined) return nothing;
  if (before === undefined) return { changed: fieldsOf(after, mode, path), removed: emptySet };
  if (after === undefined) return { changed: emptySet, removed: fieldsOf(before, mode, path) };
  const old = partsOf(before, path);
  const now = partsOf(after, path);
  if (old === undefined || now === undefined) {
    if (deepEqual(before, after)) return nothing;
    const removed = old === undefined ? emptySet : fieldsOf(before, mode, path);
    return { changed: fieldsOf(after, mode, path), removed: now === undefined ? removed : emptySet };
  }
  const changed: (readonly [string, FieldSet])[] = [];
  const removed: (readonly [string, FieldSet])[] = [];
  for (const name of new Set([...old.entries.keys(), ...now.entries.keys()])) {
    const below = old.entries.get(name)?.path ?? now.entries.get(name)?.path ?? path;
    const part = compare(old.entries.get(name)?.value, now.entries.get(name)?.value, mode, below);
    changed.push([name, part.changed]);
    removed.push([name, part.removed]);
  }
  return { changed: node(false, changed), removed: node(false, removed) };
}

const nothing: Comparison = { changed: emptySet, removed: emptySet };

/** The parts of a value that can have owners of their own. */
interface Parts {
  /** By their name in fieldsV1. */
  readonly entries: ReadonlyMap<string, { readonly value: JSONValue; readonly path: string }>;
  /** Is the value an item of a keyed list? */
  readonly isItem: boolean;
}

/** Undefined when the value has one owner. */
function partsOf(value: JSONValue, path: string): Parts | undefined {
  if (isJsonObject(value)) {
    if (isAtomic(path)) return undefined;
    const names = Object.keys(value).filter((name) => value[name] !== undefined && !isOwnerless(`${path}.${name}`));
    return {
      entries: new Map(names.map((name) => [`f:${name}`, { value: getField(value, name), path: `${path}.${name}` }])),
      isItem: path.endsWith("[]"),
    };
  }
  if (!Array.isArray(value)) return undefined;
  if (isSet(path)) {
    const entries = value.map((item) => [`v:${JSON.stringify(item)}`, { value: item, path: `${path}[]` }] as const);
    return { entries: new Map(entries), isItem: false };
  }
  const keys = listKeyOf(path);
  if (keys === undefined) return undefined;
  const items: JSONObject[] = value.filter(isJsonObject);
  return {
    entries: new Map(items.map((item) => [itemKey(item, keys), { value: item, path: `${path}[]` }])),
    isItem: false,
  };
}

function mapEntries(
  parts: Parts,
  transform: (value: JSONValue, path: string) => FieldSet,
): readonly (readonly [string, FieldSet])[] {
  return [...parts.entries].map(([name, { value, path }]) => [name, transform(value, path)] as const);
}

const ownerless: ReadonlySet<string> = new Set([
  ".apiVersion",
  ".kind",
  ...[
    "name",
    "namespace",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
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
