import assert from "node:assert/strict";
import { isObject } from "../../webhook/admission_review.ts";

/** One step of a patch as the webhook writes them. */
export interface Operation {
  readonly op: "add";
  /** A JSON pointer. */
  readonly path: string;
  readonly value: unknown;
}

/**
 * Applies a JSON patch to a copy of the document, by the letter of RFC 6902 and nothing else: what other appliers let pass,
 * and the API server might not, fails here. Only `add`, the one operation that the webhook uses.
 */
export function applyStrictly(document: unknown, patch: readonly Operation[]): unknown {
  let result = copy(document);
  for (const operation of patch) {
    result = add(result, pointerOf(operation.path), copy(operation.value));
  }
  return result;
}

function add(document: unknown, path: readonly string[], value: unknown): unknown {
  const last = path.at(-1);
  if (last === undefined) return value;
  let parent = document;
  for (const part of path.slice(0, -1)) {
    // Section 4.1: the object itself must exist.
    assert.ok(isObject(parent) && Object.hasOwn(parent, part), `there is no ${path.join("/")}`);
    parent = parent[part];
  }
  assert.ok(isObject(parent), `${path.join("/")} is not within an object`);
  Object.defineProperty(parent, last, { value, enumerable: true, writable: true, configurable: true });
  return document;
}

/** RFC 6901: every part follows a slash, and a tilde is followed by 0 or 1. */
function pointerOf(path: string): string[] {
  assert.ok(/^(\/([^/~]|~[01])*)*$/.test(path), `${path} is no JSON pointer`);
  return path.split("/").slice(1).map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** Is this a list of such steps, with nothing else in them? */
export function isPatch(value: unknown): value is Operation[] {
  return Array.isArray(value) && value.length > 0 &&
    value.every((operation: unknown) =>
      isObject(operation) && Object.keys(operation).sort().join() === "op,path,value" && operation["op"] === "add" &&
      typeof operation["path"] === "string"
    );
}

function copy(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
