/**
 * JSON with sorted keys and without nulls: equal for values that mean the same to the API server, whatever the order in
 * which their fields were written.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part !== "object" || part === null || Array.isArray(part)) return part;
    const fields = Object.entries(part).filter(([, field]) => field !== undefined && field !== null);
    return Object.fromEntries(fields.sort(([a], [b]) => a < b ? -1 : 1));
  });
}

/** Do two values mean the same to the API server? */
export function isSame(a: unknown, b: unknown): boolean {
  return canonicalJson(a) === canonicalJson(b);
}

/** Do two statuses say the same? The API server leaves out numbers that are 0, and empty lists. */
export function isSameStatus(a: object | undefined, b: object): boolean {
  return a !== undefined && isSame(withoutEmpty(a), withoutEmpty(b));
}

function withoutEmpty(status: object): unknown {
  return Object.fromEntries(
    Object.entries(status).filter(([, field]) => field !== 0 && !(Array.isArray(field) && field.length === 0)),
  );
}
