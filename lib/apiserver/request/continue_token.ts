import type { JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { badRequest } from "../status.ts";

/** Where a list goes on. */
export interface ContinueToken {
  /** State that the list shows; -1: whatever is current (after the list's own state was forgotten). */
  readonly revision: number;
  /** First key that may come next, without the namespace that the path names. */
  readonly start: string;
}

/** The token as clients carry it: base64 of JSON, as the real server's. */
export function formatContinueToken(token: ContinueToken): string {
  const json = JSON.stringify({ v: "meta.k8s.io/v1", rv: token.revision, start: token.start });
  const bytes = new TextEncoder().encode(json);
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Reads a token. @throws StatusError 400 */
export function parseContinueToken(text: string): ContinueToken {
  let token: JSONValue;
  try {
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    token = JSON.parse(new TextDecoder().decode(Uint8Array.from(binary, (char) => char.charCodeAt(0))));
  } catch (cause) {
    throw Object.assign(
      badRequest("invalid continue token: continue key is not valid: it is no token of this server"),
      { cause },
    );
  }
  const { v, rv, start }: Record<string, JSONValue> = isJsonObject(token) ? token : {};
  if (v !== "meta.k8s.io/v1" || typeof rv !== "number" || !Number.isSafeInteger(rv) || typeof start !== "string") {
    throw badRequest("invalid continue token: continue key is not valid: incorrect encoded format");
  }
  if (rv === 0 || rv < -1) {
    throw badRequest(
      "invalid continue token: continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)",
    );
  }
  return { revision: rv, start };
}
