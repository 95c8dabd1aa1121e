import type { LabelSelector, LabelSelectorRequirement } from "./types.ts";

/** How a requirement compares. `GreaterThan` and `LessThan` exist only in the string form (`key>3`). */
export type SelectorOperator = "In" | "NotIn" | "Exists" | "DoesNotExist" | "GreaterThan" | "LessThan";

/** One condition on one label. `values` is empty for Exists and DoesNotExist. */
export interface SelectorRequirement {
  readonly key: string;
  readonly operator: SelectorOperator;
  readonly values: readonly string[];
}

/** Conditions that must all hold. None at all selects everything. */
export type Selector = readonly SelectorRequirement[];

/** Labels of an object; absent ones count as none. */
export type Labels = Readonly<Record<string, string>> | undefined;

/** A selector that does not follow the rules. The message quotes it and says what is wrong. */
export class SelectorError extends Error {
  override readonly name = "SelectorError";
}

/**
 * Parses the string form of a label selector, such as `a=b,c!=d,e in (x,y),f notin (z),g,!h` (Kubernetes
 * documentation, "Labels and Selectors"). The result is in canonical form: values sorted, each once.
 * @throws SelectorError
 */
export function parseSelector(text: string): Selector {
  return text.trim() === "" ? [] : splitRequirements(text).map((part) => parseRequirement(part.trim(), text));
}

/** The string form of a selector, as query parameters and people take it. */
export function formatSelector(selector: Selector): string {
  return selector.map(formatRequirement).join(",");
}

/** Do the labels meet all conditions? NotIn also holds when the label is absent, as in the API server. */
export function matchesSelector(selector: Selector, labels: Labels): boolean {
  return selector.every((requirement) => meets(requirement, labels));
}

/**
 * The conditions of a LabelSelector of the API (`matchLabels` and `matchExpressions`).
 * @throws SelectorError that names the key and operator which do not fit.
 */
export function selectorOf(selector: LabelSelector): Selector {
  const equalities = Object.entries(selector.matchLabels ?? {}).sort(([a], [b]) => a < b ? -1 : 1)
    .map(([key, value]) => checked({ key, operator: "In", values: [value] }));
  return [...equalities, ...(selector.matchExpressions ?? []).map(requirementOf)];
}

/**
 * The string form of a LabelSelector of the API; "" for the empty one, which selects everything.
 * @throws SelectorError
 */
export function formatLabelSelector(selector: LabelSelector): string {
  return formatSelector(selectorOf(selector));
}

/**
 * Does the LabelSelector of the API select these labels? For many objects, make a {@link Selector} once.
 * @throws SelectorError
 */
export function matchesLabelSelector(selector: LabelSelector, labels: Labels): boolean {
  return matchesSelector(selectorOf(selector), labels);
}

function requirementOf({ key, operator, values = [] }: LabelSelectorRequirement): SelectorRequirement {
  switch (operator) {
    case "In":
    case "NotIn":
    case "Exists":
    case "DoesNotExist":
      return checked({ key, operator, values });
    default:
      throw new SelectorError(
        `label selector: operator "${operator}" of key "${key}" is unknown: use In, NotIn, Exists or DoesNotExist`,
      );
  }
}

function meets({ key, operator, values }: SelectorRequirement, labels: Labels): boolean {
  // Not labels?.[key]: a key such as "constructor" must not find what every object inherits.
  const value = labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "GreaterThan":
      return compares(value, values, (label, limit) => label > limit);
    case "LessThan":
      return compares(value, values, (label, limit) => label < limit);
  }
}

const integer = /^[+-]?\d+$/;

function compares(
  value: string | undefined,
  values: readonly string[],
  holds: (label: bigint, limit: bigint) => boolean,
): boolean {
  const [limit] = values;
  if (value === undefined || limit === undefined || !integer.test(value)) return false;
  return holds(BigInt(value), BigInt(limit));
}

function formatRequirement({ key, operator, values }: SelectorRequirement): string {
  switch (operator) {
    case "In":
      return values.length === 1 ? `${key}=${values[0]}` : `${key} in (${values.join(",")})`;
    case "NotIn":
      return values.length === 1 ? `${key}!=${values[0]}` : `${key} notin (${values.join(",")})`;
    case "Exists":
      return key;
    case "DoesNotExist":
      return `!${key}`;
    case "GreaterThan":
      return `${key}>${values[0]}`;
    case "LessThan":
      return `${key}<${values[0]}`;
  }
}

/** Splits at the commas that are not within parentheses. */
function splitRequirements(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (character === "(") depth++;
    if (character === ")") depth--;
    if (depth < 0 || depth > 1) throw faulty(text, "its parentheses do not match");
    if (character === "," && depth === 0) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  if (depth !== 0) throw faulty(text, "a parenthesis is not closed");
  return [...parts, text.slice(start)];
}

const setForm = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/;
const comparison = /^([^\s=!<>()]+)\s*(==|=|!=|>|<)\s*([^\s=!<>()]*)$/;
const existence = /^(!?)\s*([^\s=!<>()]+)$/;

function parseRequirement(part: string, text: string): SelectorRequirement {
  const [, setKey, setOperator, list] = setForm.exec(part) ?? [];
  if (setKey !== undefined && list !== undefined) {
    // `()` is no value at all, which is refused below; `(,)` holds the empty value.
    const values = list.trim() === "" ? [] : list.split(",").map((value) => value.trim());
    return checked({ key: setKey, operator: setOperator === "in" ? "In" : "NotIn", values }, text);
  }
  const [, key, operator, value] = comparison.exec(part) ?? [];
  if (key !== undefined && operator !== undefined && value !== undefined) {
    return checked({ key, operator: comparisonOperator(operator), values: [value] }, text);
  }
  const [, negation, name] = existence.exec(part) ?? [];
  if (name !== undefined) {
    return checked({ key: name, operator: negation === "!" ? "DoesNotExist" : "Exists", values: [] }, text);
  }
  throw faulty(
    text,
    part === "" ? "a requirement is empty" : `"${part}" is no requirement: write one like ${examples}`,
  );
}

const examples = '"key=value", "key!=value", "key in (a,b)", "key notin (a,b)", "key" or "!key"';

function comparisonOperator(text: string): SelectorOperator {
  switch (text) {
    case "!=":
      return "NotIn";
    case ">":
      return "GreaterThan";
    case "<":
      return "LessThan";
    default:
      return "In";
  }
}

const labelName = /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;
const labelPrefix = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;

/** Is this a key that a label may have: a name of at most 63 characters, perhaps after a DNS subdomain and "/"? */
export function isLabelKey(key: string): boolean {
  const slash = key.indexOf("/");
  const prefix = key.slice(0, Math.max(slash, 0));
  return labelName.test(key.slice(slash + 1)) && (slash < 0 || (prefix.length <= 253 && labelPrefix.test(prefix)));
}

/** Is this a value that a label may have: empty, or at most 63 letters, digits, `-`, `_`, `.`? */
export function isLabelValue(value: string): boolean {
  return value === "" || labelName.test(value);
}

/** The requirement with its values in canonical order, if it follows the rules of the API server. */
function checked({ key, operator, values }: SelectorRequirement, text?: string): SelectorRequirement {
  if (!isLabelKey(key)) throw faulty(text, `"${key}" is no label key`);
  const needed = neededValues(operator);
  if (needed === "none" && values.length > 0) throw faulty(text, `${operator} of key "${key}" takes no values`);
  if (needed !== "none" && values.length === 0) throw faulty(text, `${operator} of key "${key}" needs values`);
  for (const value of values) {
    if (needed === "number" && !integer.test(value)) {
      throw faulty(text, `"${value}" after key "${key}" is no whole number`);
    }
    if (!isLabelValue(value) && needed !== "number") throw faulty(text, `"${value}" of key "${key}" is no label value`);
  }
  return { key, operator, values: [...new Set(values)].sort() };
}

function neededValues(operator: SelectorOperator): "none" | "some" | "number" {
  switch (operator) {
    case "In":
    case "NotIn":
      return "some";
    case "Exists":
    case "DoesNotExist":
      return "none";
    case "GreaterThan":
    case "LessThan":
      return "number";
  }
}

function faulty(text: string | undefined, what: string): SelectorError {
  return new SelectorError(`label selector${text === undefined ? "" : ` "${text}"`}: ${what}`);
}
