import type { KubeObject } from "../../k8s/types.ts";
import type { InformerEvent } from "../watch/mod.ts";

/** Does an event matter to a controller? */
export type Predicate<T> = (event: InformerEvent<T>) => boolean;

/** Passes over updates that left the generation alone, which means the spec. All other events pass. */
export function generationChanged<T extends KubeObject>(event: InformerEvent<T>): boolean {
  return event.type !== "updated" || event.object.metadata.generation !== event.previous.metadata.generation;
}

/** Passes over updates that left the labels alone. All other events pass. */
export function labelsChanged<T extends KubeObject>(event: InformerEvent<T>): boolean {
  return event.type !== "updated" || !sameStrings(event.object.metadata.labels, event.previous.metadata.labels);
}

/** Passes over updates that left the annotations alone. All other events pass. */
export function annotationsChanged<T extends KubeObject>(event: InformerEvent<T>): boolean {
  return event.type !== "updated" ||
    !sameStrings(event.object.metadata.annotations, event.previous.metadata.annotations);
}

/** Holds when all hold. */
export function and<T>(...predicates: readonly Predicate<T>[]): Predicate<T> {
  return (event) => predicates.every((predicate) => predicate(event));
}

/** Holds when at least one holds. */
export function or<T>(...predicates: readonly Predicate<T>[]): Predicate<T> {
  return (event) => predicates.some((predicate) => predicate(event));
}

/** Holds when the other does not. Of "generation changed" it makes "an update of anything else". */
export function not<T>(predicate: Predicate<T>): Predicate<T> {
  return (event) => !predicate(event);
}

function sameStrings(a: Readonly<Record<string, string>> = {}, b: Readonly<Record<string, string>> = {}): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && a[key] === b[key]);
}
