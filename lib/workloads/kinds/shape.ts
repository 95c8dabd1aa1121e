/** The part of a value under a name, if it is an object. */
export function partOf(value: object, name: string): object | undefined {
  const part = fieldOf(value, name);
  return typeof part === "object" && part !== null && !Array.isArray(part) ? part : undefined;
}

/** Are these parts there, and objects? */
export function hasObjects(value: object, ...names: readonly string[]): boolean {
  return names.every((name) => partOf(value, name) !== undefined);
}

/** Is each of these parts absent or an array? */
export function hasArrays(value: object, ...names: readonly string[]): boolean {
  return names.every((name) => {
    const part = fieldOf(value, name);
    return part === undefined || Array.isArray(part);
  });
}

function fieldOf(value: object, name: string): unknown {
  return Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
}
