import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { notSupported } from "../status.ts";
import type { Update } from "./update.ts";

/** Server-side apply. */
export function applyObject(
  _target: Omit<Update, "change" | "options" | "uidConflict">,
  _body: JSONValue,
): Promise<{ code: number; object: JSONObject }> {
  return Promise.reject(notSupported("server-side apply yet"));
}
