import { dirname, isAbsolute, join } from "node:path";
import { describeError } from "../../util/log.ts";
import type { Host } from "./host.ts";
import { fieldError, type KubeconfigError, type Place } from "./kubeconfig_error.ts";

/** A path in a kubeconfig file: a relative one begins at the file's folder. */
export function resolvePath(place: Place, path: string): string {
  return isAbsolute(path) ? path : join(dirname(place.file), path);
}

/**
 * Text of a file that a kubeconfig names.
 * @throws KubeconfigError that names the field and the file
 */
export async function readFile(host: Host, place: Place, field: string, path: string): Promise<string> {
  const resolved = resolvePath(place, path);
  let text: string | undefined;
  try {
    text = await host.readTextFile(resolved);
  } catch (cause) {
    throw fieldError(place, field, `cannot read the file ${resolved}: ${describeError(cause)}`, { cause });
  }
  if (text === undefined) throw fieldError(place, field, `the file ${resolved} does not exist`);
  return text;
}

/**
 * Text of a field with base64 data.
 * @throws KubeconfigError
 */
export function decodeData(place: Place, field: string, data: string): string {
  try {
    return new TextDecoder().decode(Uint8Array.fromBase64(data));
  } catch (cause) {
    throw fieldError(place, field, "is not base64: encode the PEM text with `base64 -w0`", { cause });
  }
}

/** Checks that a text holds certificates in PEM. */
export function checkCertificate(place: Place, field: string, text: string): string {
  if (!/-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/.test(text)) throw noPem(place, field, "CERTIFICATE");
  return text;
}

/** Checks that a text holds an unencrypted private key in PEM. */
export function checkKey(place: Place, field: string, text: string): string {
  if (/BEGIN ENCRYPTED PRIVATE KEY|^Proc-Type: 4,ENCRYPTED/m.test(text)) {
    throw fieldError(place, field, "the private key is encrypted: decrypt it with `openssl pkey`");
  }
  if (!/-----BEGIN (?:RSA |EC )?PRIVATE KEY-----/.test(text)) throw noPem(place, field, "PRIVATE KEY");
  return text;
}

function noPem(place: Place, field: string, label: string): KubeconfigError {
  return fieldError(place, field, `holds no PEM: there must be a block "-----BEGIN ${label}-----"`);
}
