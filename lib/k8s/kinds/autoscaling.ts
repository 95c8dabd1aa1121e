import type { KubeObject, Scale } from "../types.ts";

/** Does the object have the fields of an `autoscaling/v1` Scale? */
export function isScale(object: KubeObject & { spec?: unknown; status?: unknown }): object is Scale {
  return object.kind === "Scale" && isCount(object.spec) && isCount(object.status);
}

function isCount(part: unknown): boolean {
  if (part === undefined) return true;
  if (typeof part !== "object" || part === null) return false;
  return !("replicas" in part) || Number.isInteger(part.replicas);
}
