import type { JSONObject, JSONValue } from "../contract.ts";
import { InvalidObjectError, isJsonObject } from "../errors.ts";
import type { KubeObject } from "../types.ts";
import { parseObject, type Resource } from "./resource.ts";

/** One answer to a list. */
export interface ObjectList<T> {
  /** The state of the collection that the list shows; a watch goes on from here. */
  readonly resourceVersion: string;
  /** Token of the next page; absent on the last one. */
  readonly continueToken?: string;
  /** The objects, sorted by namespace and name as the server has them. */
  readonly items: readonly T[];
}

/**
 * Turns the answer to a list into objects of the resource.
 * @throws InvalidObjectError when it is no list, or one of its items is no object of the resource.
 */
export function parseList<T extends KubeObject>(resource: Resource<T>, value: JSONValue): ObjectList<T> {
  const { metadata, items }: JSONObject = isJsonObject(value) ? value : {};
  const fields: JSONObject = isJsonObject(metadata) ? metadata : {};
  const { resourceVersion, continue: token } = fields;
  if (typeof resourceVersion !== "string" || !(Array.isArray(items) || items === null)) {
    throw new InvalidObjectError(`the answer to a list of ${resource.plural} is no list`);
  }
  return {
    resourceVersion,
    ...(typeof token === "string" && token !== "" ? { continueToken: token } : {}),
    items: (items ?? []).map((item) => parseObject(resource, item)),
  };
}
