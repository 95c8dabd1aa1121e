import type { JSONArray, JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { canonicalJson } from "../json.ts";

/**
 * Orders the items of a list: those that `order` names as it names them; the others, in the order that they have on the
 * server, keep their place before what follows them there.
 * @param mergeKey field by which items are the same; "": by value
 */
export function orderLike(items: JSONArray, order: JSONArray, server: JSONArray, mergeKey: string): JSONArray {
  const [wanted, known] = [placesIn(order, mergeKey), placesIn(server, mergeKey)];
  const placed = items.map((item): Placed => {
    const identity = identityOf(item, mergeKey);
    return { item, wanted: wanted.get(identity) ?? -1, known: known.get(identity) ?? -1 };
  });
  const named = placed.filter((each) => each.wanted >= 0).sort((left, right) => left.wanted - right.wanted);
  const others = placed.filter((each) => each.wanted < 0).sort((left, right) => left.known - right.known);
  const ordered: JSONValue[] = [];
  let next = 0;
  for (const { item, known: at } of named) {
    // Only what the server knows has a place to keep.
    for (; at >= 0 && next < others.length; next++) {
      const other = others[next];
      if (other === undefined || other.known < 0 || other.known > at) break;
      ordered.push(other.item);
    }
    ordered.push(item);
  }
  return [...ordered, ...others.slice(next).map(({ item }) => item)];
}

/** An item with its places in both orders; -1: it has none. */
interface Placed {
  readonly item: JSONValue;
  readonly wanted: number;
  readonly known: number;
}

/**
 * What makes two items of a list the same.
 * @param mergeKey field by which items are the same; "": by value
 */
export function identityOf(item: JSONValue, mergeKey: string): string {
  if (mergeKey === "") return canonicalJson(item);
  // What is no object is the same as nothing else; the kinds that are merged by a key hold objects only.
  return isJsonObject(item) ? `{${canonicalJson(item[mergeKey])}` : canonicalJson(item);
}

function placesIn(list: JSONArray, mergeKey: string): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  list.forEach((item, index) => {
    const identity = identityOf(item, mergeKey);
    if (!places.has(identity)) places.set(identity, index);
  });
  return places;
}
