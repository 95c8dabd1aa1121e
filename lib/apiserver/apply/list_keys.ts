import type { JSONObject } from "../../k8s/contract.ts";

/**
 * What server-side apply and strategic merge patches have to know of fields, by their path. It stands in for the
 * OpenAPI schema: whatever is not named here is a struct, a scalar, or a list that is owned and replaced as a whole.
 */
const keyed: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^\.metadata\.ownerReferences$/, ["uid"]],
  [/^\.webhooks$/, ["name"]],
  [/^\.status\.conditions$/, ["type"]],
  [/\.spec\.(initC|ephemeralC|c)ontainers$/, ["name"]],
  [/ontainers\[\]\.env$/, ["name"]],
  [/ontainers\[\]\.volumeMounts$/, ["mountPath"]],
  [/\.spec\.volumes$/, ["name"]],
];

const sets = /^\.metadata\.finalizers$/;
const atomic = /^\.metadata\.ownerReferences\[\]$|[sS]elector$|^\.(regarding|related|involvedObject)$/;
// Structs that Go always writes, so that nobody brings them along: setting a field in them does not own them.
const structs = /^\.metadata$|^\.spec$|^\.status$|^\.spec\.(strategy|names|template|template\.(metadata|spec))$/;
const maps = /^\.metadata\.(labels|annotations)$|\.metadata\.(labels|annotations)$|^\.(data|stringData|binaryData)$/;

/** Keys of the items of the list at a path such as `.spec.template.spec.containers`; undefined when it has none. */
export function listKeyOf(path: string): readonly string[] | undefined {
  return keyed.find(([pattern]) => pattern.test(path))?.[1];
}

/** Is the list at the path a set of strings? */
export function isSet(path: string): boolean {
  return sets.test(path);
}

/** Is the object at the path owned and replaced as a whole? */
export function isAtomic(path: string): boolean {
  return atomic.test(path);
}

/** Is the object at the path a map from any name to a string, and not a struct? */
export function isMap(path: string): boolean {
  return maps.test(path);
}

/** Is the object at the path always there? Custom resources know that of their metadata only. */
export function isAlwaysThere(path: string, custom: boolean): boolean {
  return custom ? path === ".metadata" : structs.test(path);
}

/** How fieldsV1 writes an item of a keyed list: `k:{"name":"x"}`. */
export function itemKey(item: JSONObject, keys: readonly string[]): string {
  return `k:${JSON.stringify(Object.fromEntries(keys.map((key) => [key, item[key]])))}`;
}
