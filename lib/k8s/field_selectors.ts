import { SelectorError } from "./selectors.ts";

/** One condition on one field. */
export interface FieldRequirement {
  /** Path of the field, such as `metadata.name`. */
  readonly field: string;
  readonly operator: "=" | "!=";
  readonly value: string;
}

/** Conditions that must all hold. None at all selects everything. */
export type FieldSelector = readonly FieldRequirement[];

const requirement = /^([^=!,\\\s]+)\s*(==|=|!=)((?:[^=,\\]|\\[\\,=])*)$/;

/**
 * Parses a field selector such as `metadata.name=foo,metadata.namespace!=bar`. In values, `\`, `,` and `=` are
 * escaped with a backslash.
 * @throws SelectorError that quotes the faulty part.
 */
export function parseFieldSelector(text: string): FieldSelector {
  if (text.trim() === "") return [];
  return splitUnescaped(text).map((part) => {
    const [, field, operator, value] = requirement.exec(part.trimStart()) ?? [];
    if (field === undefined || value === undefined) {
      throw new SelectorError(
        `field selector "${text}": "${part}" is no requirement: write one like "metadata.name=x"`,
      );
    }
    return { field, operator: operator === "!=" ? "!=" : "=", value: value.replace(/\\(.)/g, "$1") };
  });
}

/** The string form of a field selector, as query parameters take it. */
export function formatFieldSelector(selector: FieldSelector): string {
  return selector.map(({ field, operator, value }) => `${field}${operator}${value.replace(/[\\,=]/g, "\\$&")}`).join(
    ",",
  );
}

/**
 * Do the fields meet all conditions?
 * @param valueOf gives a field's value, "" when the object does not have it.
 */
export function matchesFieldSelector(selector: FieldSelector, valueOf: (field: string) => string): boolean {
  return selector.every(({ field, operator, value }) => (valueOf(field) === value) === (operator === "="));
}

function splitUnescaped(text: string): string[] {
  const parts: string[] = [];
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "\\") {
      i++; // The next character stands for itself.
    } else if (text[i] === ",") {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  return [...parts, text.slice(start)];
}
