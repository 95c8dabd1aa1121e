import type { JSONObject } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { canonicalJson, copyObject, objectAt, stringAt } from "../json.ts";
import { parseJson } from "../request/go_json.ts";
import type { StructSchema } from "../schema/type_schema.ts";
import { compare, fieldsOf } from "./compare.ts";
import { difference, emptySet, type FieldSet, union } from "./field_set.ts";
import { typeProblems } from "./typed.ts";

/** Where client-side `kubectl apply` keeps what it applied last. */
const annotation = "kubectl.kubernetes.io/last-applied-configuration";

/** The field manager of `kubectl apply --server-side`; others have nothing to do with the annotation. */
const kubectl = "kubectl";

/** Most bytes that all annotations of an object may have. */
const mostBytes = 256 * 1_024;

/**
 * The fields that `kubectl apply --server-side` may take over without a conflict, as client-side apply set them and
 * nobody changed them since: so a user can go from the one to the other.
 */
export function fieldsFromClientSideApply(live: JSONObject, manager: string, schema: StructSchema): FieldSet {
  const last = manager === kubectl ? readLastApplied(live) : undefined;
  if (last === undefined || last["apiVersion"] !== live["apiVersion"] || typeProblems(last, schema).length > 0) {
    return emptySet;
  }
  const { changed, removed } = compare(last, live, schema);
  return difference(fieldsOf(last, "applied", schema), union(changed, removed));
}

/**
 * Keeps the annotation of an object to which kubectl applied a configuration in step with it, lest a later client-side
 * apply goes by what is out of date. Changes the object; nobody owns the change.
 */
export function updateLastApplied(object: JSONObject, configuration: JSONObject, manager: string): void {
  const annotations = objectAt(objectAt(object, "metadata"), "annotations");
  if (manager !== kubectl || stringAt(annotations, annotation) === "") return;
  const applied = copyObject(configuration);
  delete objectAt(objectAt(applied, "metadata"), "annotations")[annotation];
  annotations[annotation] = `${formatLikeGo(applied)}\n`;
  const size = Object.entries(annotations).reduce((sum, [key, value]) => sum + key.length + String(value).length, 0);
  if (size > mostBytes) delete annotations[annotation];
}

function readLastApplied(live: JSONObject): JSONObject | undefined {
  const text = stringAt(objectAt(objectAt(live, "metadata"), "annotations"), annotation);
  try {
    const value = parseJson(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    // Whoever wrote it, it says nothing that could be relied on.
    return undefined;
  }
}

/** JSON as Go writes a map: keys in order, and signs that HTML knows escaped. */
function formatLikeGo(value: JSONObject): string {
  return canonicalJson(value).replaceAll(/[<>&\u2028\u2029]/g, (sign) => {
    return `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
