import type { JSONArray, JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { deepEqual } from "../json.ts";

/**
 * Orders the items of a list: those that `order` names as it names them; the others, in the order that they have on the
 * server, keep their place before what follows them there.
 * @param mergeKey field by which items are the same; "": by value
 */
export function orderLike(items: JSONArray, order: JSONArray, server: JSONArray, mergeKey: string): JSONArray {
  const place = (list: JSONArray, item: JSONValue): number => list.findIndex((each) => isSame(each, item, mergeKey));
  const by = (list: JSONArray) => (left: JSONValue, right: JSONValue): number => place(list, left) - place(list, right);
  const named = items.filter((item) => place(order, item) >= 0).sort(by(order));
  const others = items.filter((item) => place(order, item) < 0).sort(by(server));
  const ordered: JSONValue[] = [];
  for (const item of named) {
    const at = place(server, item);
    // Only what the server knows has a place to keep.
    while (at >= 0 && others.length > 0) {
      const index = place(server, others[0]);
      if (index < 0 || index > at) break;
      ordered.push(others.shift());
    }
    ordered.push(item);
  }
  return [...ordered, ...others];
}

function isSame(left: JSONValue, right: JSONValue, mergeKey: string): boolean {
  if (mergeKey === "") return deepEqual(left, right);
  return isJsonObject(left) && isJsonObject(right) && deepEqual(left[mergeKey], right[mergeKey]);
}
