import type { Action, Step } from "./steps.ts";

/** Several things at one time, in this order. */
export function at(ms: number, ...actions: readonly Action[]): readonly Step[] {
  return actions.map((action) => ({ at: ms, action }));
}

/** Processes start. */
export function start(...processes: readonly string[]): readonly Action[] {
  return processes.map((process) => ({ do: "start", process, skew: 0 }));
}

/** Users do the same to several objects. */
export function users(does: "create" | "edit" | "put" | "delete", objects: readonly string[]): readonly Action[] {
  return objects.map((object) => ({ do: does, object }));
}

/** Names of so many objects in each of the two namespaces. */
export function objectsOf(count: number): readonly string[] {
  return ["one", "two"].flatMap((namespace) => Array.from({ length: count }, (_, index) => `${namespace}/o${index}`));
}
