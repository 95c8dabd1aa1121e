import type { JSONObject, JSONValue } from "../contract.ts";

/** One step of a JSON patch (RFC 6902). `path` is a JSON pointer: escape its parts with {@link pointer}. */
export type JsonPatchOperation =
  | { readonly op: "add" | "replace" | "test"; readonly path: string; readonly value: JSONValue }
  | { readonly op: "remove"; readonly path: string }
  | { readonly op: "move" | "copy"; readonly from: string; readonly path: string };

/** A change of an object, in one of the three forms that the API server takes (apply is a call of its own). */
export type Patch =
  | { readonly type: "json"; readonly operations: readonly JsonPatchOperation[] }
  | { readonly type: "merge"; readonly patch: JSONObject }
  | { readonly type: "strategic"; readonly patch: JSONObject };

/** Media type of a patch. */
export function patchMediaType(patch: Patch): string {
  switch (patch.type) {
    case "json":
      return "application/json-patch+json";
    case "merge":
      return "application/merge-patch+json";
    case "strategic":
      return "application/strategic-merge-patch+json";
  }
}

/** A JSON pointer (RFC 6901) from unescaped parts: `pointer("metadata", "labels", "a/b")` is `/metadata/labels/a~1b`. */
export function pointer(...parts: readonly string[]): string {
  return parts.map((part) => `/${part.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}
