import { badRequest, noSuchPath, notSupported } from "../status.ts";

/** What a path names. */
export type Target =
  | { readonly type: "document"; readonly path: string }
  | {
    readonly type: "resource";
    readonly group: string;
    readonly version: string;
    readonly plural: string;
    /** Undefined: cluster-scoped, or all namespaces. */
    readonly namespace: string | undefined;
    readonly name: string | undefined;
    readonly subresource: string | undefined;
  };

/** Reads a path. @throws StatusError */
export function parsePath(path: string): Target {
  const parts = path.split("?", 1).join().split("/").filter((part) => part !== "").map(decode);
  const [root, ...rest] = parts;
  const document: Target = { type: "document", path: `/${parts.join("/")}` };
  if (root === "api") {
    const [version, ...target] = rest;
    return version === undefined || target.length === 0 ? document : parseTarget("", version, target);
  }
  if (root === "apis") {
    const [group, version, ...target] = rest;
    if (group === undefined || version === undefined || target.length === 0) return document;
    return parseTarget(group, version, target);
  }
  return document;
}

function parseTarget(group: string, version: string, parts: readonly string[]): Target {
  if (parts[0] === "watch") throw notSupported("paths with /watch/; use the query parameter watch");
  const [first, second, third, fourth, fifth, ...beyond] = parts;
  if (first === undefined || beyond.length > 0) throw noSuchPath();
  const base = { type: "resource", group, version } as const;
  // /namespaces/<name> and its subresources are the namespace itself, everything else below lies in it.
  const isNamespace = group === "" && first === "namespaces" &&
    (third === undefined || ((third === "status" || third === "finalize") && fourth === undefined));
  if (first === "namespaces" && second !== undefined && third !== undefined && !isNamespace) {
    return { ...base, plural: third, namespace: second, name: fourth, subresource: fifth };
  }
  if (fourth !== undefined) throw noSuchPath();
  return { ...base, plural: first, namespace: undefined, name: second, subresource: third };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (cause) {
    throw Object.assign(badRequest(`the path has a part that is badly escaped: ${part}`), { cause });
  }
}
