import type { JSONObject } from "../../k8s/contract.ts";
import { arrayAt, getField, objectAt, objectsAt, stringAt } from "../json.ts";

/** What is shown where there is nothing. */
export const none = "<none>";

/** The text, or `<none>` for an empty one. */
export function orNone(text: string): string {
  return text === "" ? none : text;
}

/** The number at a field; 0 where there is none. */
export function numberAt(object: JSONObject, key: string): number {
  const value = getField(object, key);
  return typeof value === "number" ? value : 0;
}

/** A map of labels as `a=b,c=d`, in order. */
export function labelsText(labels: JSONObject): string {
  return orNone(Object.keys(labels).sort().map((key) => `${key}=${String(labels[key])}`).join(","));
}

/** A LabelSelector of `meta.k8s.io/v1` as kubectl users write it. */
export function selectorText(selector: JSONObject): string {
  const labels = objectAt(selector, "matchLabels");
  const expressions = objectsAt(selector, "matchExpressions").map((each) => {
    const key = stringAt(each, "key");
    const values = arrayAt(each, "values").map(String).sort().join(",");
    switch (each["operator"]) {
      case "Exists":
        return key;
      case "DoesNotExist":
        return `!${key}`;
      case "In":
        return `${key} in (${values})`;
      default:
        return `${key} notin (${values})`;
    }
  });
  const equal = Object.keys(labels).sort().map((key) => `${key}=${String(labels[key])}`);
  return orNone([...equal, ...expressions].join(","));
}

/** Names and images of the containers of a pod template, for wide output. */
export function containersOf(workload: JSONObject): readonly [names: string, images: string] {
  const template = objectAt(objectAt(workload, "spec"), "template");
  const containers = objectsAt(objectAt(template, "spec"), "containers");
  const join = (field: string): string => containers.map((each) => stringAt(each, field)).join(",");
  return [join("name"), join("image")];
}
