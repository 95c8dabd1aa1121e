import { isJsonObject } from "../../lib/k8s/errors.ts";
import { manifest } from "../integration/manifests.ts";

/** The flags of V8 with which our manifests start a process. */
export async function shippedV8Flags(deployment: string): Promise<string> {
  const text = JSON.stringify((await manifest(deployment)).filter(isJsonObject));
  const flags = /\{"name":"DENO_V8_FLAGS","value":"([^"]+)"\}/.exec(text)?.[1];
  if (flags === undefined) throw new Error(`${deployment} sets no DENO_V8_FLAGS`);
  return flags;
}
