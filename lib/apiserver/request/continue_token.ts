import type { JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { badRequest, type StatusError } from "../status.ts";
import { parseJson } from "./go_json.ts";

const version = "meta.k8s.io/v1";

/** Where a list goes on. */
export interface ContinueToken {
  /** State that the list shows; -1: whatever is current (after the list's own state was forgotten). */
  readonly revision: number;
  /** First key that may come next, without the namespace that the path names. */
  readonly start: string;
}

/** The token as clients carry it: base64 of JSON, as the real server's. */
export function formatContinueToken(token: ContinueToken): string {
  const json = JSON.stringify({ v: version, rv: token.revision, start: token.start });
  const bytes = new TextEncoder().encode(json);
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Reads a token. @throws StatusError 400 */
export function parseContinueToken(text: string): ContinueToken {
  const token = decode(text);
  const { v = "", rv, start }: Record<string, JSONValue> = isJsonObject(token) ? token : {};
  if (v !== version) throw invalidToken(`server does not recognize this encoded version ${String(v)}`);
  if (typeof rv !== "number" || !Number.isSafeInteger(rv) || rv === 0 || rv < -1) {
    throw invalidToken(`incorrect encoded start resourceVersion (version ${version})`);
  }
  if (typeof start !== "string" || start === "") {
    throw invalidToken(`encoded start key empty (version ${version})`);
  }
  return { revision: rv, start };
}

function decode(text: string): JSONValue {
  const wrong = text.search(/[^-A-Za-z0-9_]/);
  // One sign holds less than a byte.
  const at = wrong >= 0 ? wrong : text.length % 4 === 1 ? text.length - 1 : -1;
  if (at >= 0) throw invalidToken(`illegal base64 data at input byte ${at}`);
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  try {
    return parseJson(new TextDecoder().decode(Uint8Array.from(binary, (char) => char.charCodeAt(0))));
  } catch (cause) {
    throw Object.assign(invalidToken(cause instanceof Error ? cause.message : String(cause)), { cause });
  }
}

function invalidToken(why: string): StatusError {
  return badRequest(`invalid continue token: continue key is not valid: ${why}`);
}
