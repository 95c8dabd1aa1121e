import type { JSONObject } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { setField } from "../json.ts";

/**
 * A set of fields as a tree, one node for each part of a path as fieldsV1 writes it: `f:name` for a field,
 * `k:{"name":"x"}` for an item of a keyed list, `v:"x"` for an item of a set (KEP-555). A set never changes.
 */
export interface FieldSet {
  /** Is the path to this node in the set? */
  readonly member: boolean;
  readonly children: ReadonlyMap<string, FieldSet>;
}

/** Nothing. */
export const emptySet: FieldSet = { member: false, children: new Map() };
/** The field itself, and nothing below it. */
export const leaf: FieldSet = { member: true, children: new Map() };

/** Is nothing in the set? */
export function isEmptySet(set: FieldSet): boolean {
  return !set.member && set.children.size === 0;
}

/** A node with some children; those that are empty are left out. */
export function node(member: boolean, children: Iterable<readonly [string, FieldSet]>): FieldSet {
  const kept = new Map<string, FieldSet>();
  for (const [name, child] of children) if (!isEmptySet(child)) kept.set(name, child);
  return { member, children: kept };
}

/** What is in either set. */
export function union(left: FieldSet, right: FieldSet): FieldSet {
  if (isEmptySet(left)) return right;
  if (isEmptySet(right)) return left;
  return combine(left, right, union, left.member || right.member);
}

/** What is in both sets. */
export function intersection(left: FieldSet, right: FieldSet): FieldSet {
  return combine(left, right, intersection, left.member && right.member);
}

/** What is in the left set and not in the right one. */
export function difference(left: FieldSet, right: FieldSet): FieldSet {
  if (isEmptySet(right)) return left;
  return combine(left, right, difference, left.member && !right.member);
}

function combine(
  left: FieldSet,
  right: FieldSet,
  operation: (left: FieldSet, right: FieldSet) => FieldSet,
  member: boolean,
): FieldSet {
  const children = new Map<string, FieldSet>();
  const add = (name: string, child: FieldSet): void => {
    if (!isEmptySet(child)) children.set(name, child);
  };
  for (const [name, child] of left.children) add(name, operation(child, right.children.get(name) ?? emptySet));
  for (const [name, child] of right.children) {
    if (!left.children.has(name)) add(name, operation(emptySet, child));
  }
  return { member, children };
}

/** Are the sets equal? */
export function equalSets(left: FieldSet, right: FieldSet): boolean {
  if (left.member !== right.member || left.children.size !== right.children.size) return false;
  for (const [name, child] of left.children) {
    if (!equalSets(child, right.children.get(name) ?? emptySet)) return false;
  }
  return true;
}

/**
 * All paths in the set, as errors show them: `.webhooks[name="x"].rules`. At each level first those that end there, then
 * those that go deeper, both in order.
 */
export function pathsOf(set: FieldSet, prefix = ""): readonly string[] {
  const children = [...set.children].toSorted(([left], [right]) => left < right ? -1 : 1)
    .map(([name, child]) => ({ path: prefix + showPart(name), child }));
  const here = children.filter(({ child }) => child.member).map(({ path }) => path);
  return [...here, ...children.flatMap(({ path, child }) => pathsOf(child, path))];
}

function showPart(name: string): string {
  if (name.startsWith("f:")) return `.${name.slice(2)}`;
  const text = name.slice(2);
  if (name.startsWith("v:")) return `[=${text}]`;
  const keys: unknown = JSON.parse(text);
  if (typeof keys !== "object" || keys === null) return `[${text}]`;
  return `[${Object.entries(keys).map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(",")}]`;
}

/** The set as managedFields hold it: a leaf is `{}`, and `.` marks a member that has children. */
export function formatFieldSet(set: FieldSet): JSONObject {
  const document: JSONObject = set.member && set.children.size > 0 ? { ".": {} } : {};
  for (const name of [...set.children.keys()].sort()) {
    const child = set.children.get(name);
    if (child !== undefined) setField(document, name, formatFieldSet(child));
  }
  return document;
}

/** Reads what {@link formatFieldSet} wrote. */
export function parseFieldSet(document: JSONObject, root = true): FieldSet {
  const names = Object.keys(document);
  const children = names.filter((name) => name !== ".").map((name) => {
    const child = document[name];
    return [name, isJsonObject(child) ? parseFieldSet(child, false) : emptySet] as const;
  });
  return node(!root && (names.length === 0 || names.includes(".")), children);
}
