import type { Call } from "./call.ts";

/** What becomes of fields that a kind does not have (`fieldValidation`), and what was found. */
export interface Decoding {
  readonly validation: "Ignore" | "Warn" | "Strict";
  /** Such as `unknown field "spec.foo"`. */
  readonly problems: string[];
  /** Paths of fields that were dropped. */
  readonly unknown: string[];
}

/** Reads `fieldValidation`, whose values the options of the request have checked. */
export function newDecoding(call: Call): Decoding {
  const given = call.query.get("fieldValidation");
  return { validation: given === "Ignore" || given === "Strict" ? given : "Warn", problems: [], unknown: [] };
}

/** What a strict decoder says. */
export function strictMessage({ problems }: Decoding): string {
  return `strict decoding error: ${[...new Set(problems)].join(", ")}`;
}

/** What a client is warned of. */
export function warningsOf({ validation, problems }: Decoding): readonly string[] {
  return validation === "Warn" ? [...new Set(problems)] : [];
}

/** Warns the client of what was found. */
export function warnOf(decoding: Decoding, { warn }: Call): void {
  for (const problem of warningsOf(decoding)) warn?.(problem);
}
