import { plainError } from "../status.ts";

/** Checks that a resourceVersion that a client sent is a number. @throws StatusError 500 */
export function checkVersion(version: string): void {
  if (/^\d*$/.test(version)) return;
  throw plainError(`strconv.ParseUint: parsing ${JSON.stringify(version)}: invalid syntax`);
}
