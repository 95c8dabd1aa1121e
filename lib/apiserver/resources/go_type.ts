import type { ServedResource } from "./served_resource.ts";

/** The type that the real server holds an object in, such as `core.Pod`. */
export function goTypeOf({ custom, group, kind }: ServedResource): string {
  if (custom === true) return "unstructured.Unstructured";
  const [first = ""] = group.split(".");
  // Events of both groups are one type.
  return `${first === "" || first === "events" ? "core" : first}.${kind}`;
}
