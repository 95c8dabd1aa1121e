/**
 * The paths of the fields that a JSON text has twice in one object, such as `spec.replicas`: JSON.parse keeps the last
 * one and says nothing. The text is known to parse.
 */
export function duplicateFields(text: string): readonly string[] {
  const found: string[] = [];
  // Containers that are open, innermost last: the keys seen, or how many items.
  const open: { readonly path: string; readonly keys: Set<string> | undefined; items: number; key: string }[] = [];
  let expectsKey = false;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],]/g)) {
    const top = open.at(-1);
    if (token === "{" || token === "[") {
      open.push({ path: pathOf(top), keys: token === "{" ? new Set() : undefined, items: 0, key: "" });
      expectsKey = token === "{";
    } else if (token === "}" || token === "]") {
      open.pop();
      expectsKey = false;
    } else if (token === ",") {
      if (top !== undefined) top.items++;
      expectsKey = top?.keys !== undefined;
    } else if (expectsKey && top?.keys !== undefined) {
      const key: unknown = JSON.parse(token);
      top.key = String(key);
      if (top.keys.has(top.key)) found.push(pathOf(top));
      top.keys.add(top.key);
      expectsKey = false;
    }
  }
  return found;
}

/** Path of the member that is being read. */
function pathOf(top: { path: string; keys: unknown; items: number; key: string } | undefined): string {
  if (top === undefined) return "";
  if (top.keys === undefined) return `${top.path}[${top.items}]`;
  return top.path === "" ? top.key : `${top.path}.${top.key}`;
}
