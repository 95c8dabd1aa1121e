import type { KeyMetadata } from "../lib/sharding/hash_key.ts";
import { isObject, type JsonObject } from "./admission_review.ts";

/** Metadata of an object under admission. Its labels were not looked at yet: they are JSON, and may be null. */
export type UncheckedMetadata = KeyMetadata & { readonly labels?: unknown; readonly resourceVersion?: string };

/**
 * Is this metadata, as far as the handler relies on it? Owner references are only known to be a list: what reads them
 * checks the one that it needs.
 */
export function isMetadata(value: unknown): value is UncheckedMetadata {
  if (!isObject(value)) return false;
  const { name, generateName, namespace, ownerReferences, resourceVersion } = value;
  return isOptionalString(name) && isOptionalString(generateName) && isOptionalString(namespace) &&
    isOptionalString(resourceVersion) &&
    (ownerReferences === undefined || Array.isArray(ownerReferences));
}

/** Are these labels (or none) to which one can be added? */
export function isLabels(value: unknown): value is JsonObject | null | undefined {
  return value === undefined || value === null || isObject(value);
}

function isOptionalString(value: unknown): boolean {
  return value === undefined || typeof value === "string";
}
