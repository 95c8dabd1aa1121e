import { badRequest } from "./status.ts";
import type { Labels } from "./store/record.ts";

/** One condition of a label selector. */
export type LabelRequirement =
  | { readonly key: string; readonly operator: "exists" | "absent" }
  | { readonly key: string; readonly operator: "in" | "notin"; readonly values: ReadonlySet<string> }
  | { readonly key: string; readonly operator: "gt" | "lt"; readonly than: bigint };

/** One condition of a field selector. */
export interface FieldRequirement {
  readonly field: string;
  readonly equal: boolean;
  readonly value: string;
}

const none: Labels = {};

/** Do labels fulfil all conditions? */
export function matchesLabels(requirements: readonly LabelRequirement[], labels: Labels = none): boolean {
  for (const requirement of requirements) if (!fulfils(requirement, labels)) return false;
  return true;
}

function fulfils(requirement: LabelRequirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, requirement.key) ? labels[requirement.key] : undefined;
  switch (requirement.operator) {
    case "exists":
      return value !== undefined;
    case "absent":
      return value === undefined;
    case "in":
      return value !== undefined && requirement.values.has(value);
    case "notin":
      return value === undefined || !requirement.values.has(value);
    case "gt":
      return value !== undefined && /^[+-]?\d+$/.test(value) && BigInt(value) > requirement.than;
    case "lt":
      return value !== undefined && /^[+-]?\d+$/.test(value) && BigInt(value) < requirement.than;
  }
}

const labelKey = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const labelValue = /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/;

/** Reads a label selector. @throws StatusError 400 with the words of the real server. */
export function parseLabelSelector(text: string): readonly LabelRequirement[] {
  const tokens = new Tokens(text);
  const requirements: LabelRequirement[] = [];
  if (tokens.peek() === "") return requirements;
  while (true) {
    requirements.push(readRequirement(tokens));
    const next = tokens.take();
    if (next === "") return requirements;
    if (next !== ",") throw badRequest(`found '${next}', expected: ',' or 'end of string'`);
    const following = tokens.peek();
    if (following === "" || following === ",") {
      throw badRequest(`found '${following}', expected: identifier after ','`);
    }
  }
}

function readRequirement(tokens: Tokens): LabelRequirement {
  const first = tokens.take();
  const absent = first === "!";
  const key = absent ? tokens.take() : first;
  if (/^[,=<>()]/.test(first)) throw badRequest(`found '${first}', expected: !, identifier, or 'end of string'`);
  if (absent && key === "") throw badRequest("unable to parse requirement: found '', expected: identifier");
  if (!labelKey.test(key)) {
    throw badRequest(
      `unable to parse requirement: <nil>: Invalid value: "${key}": a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`,
    );
  }
  if (absent) return { key, operator: "absent" };
  const next = tokens.peek();
  if (next === "" || next === ",") return { key, operator: "exists" };
  const operator = tokens.take();
  switch (operator) {
    case "=":
    case "==":
      return { key, operator: "in", values: new Set([readValue(tokens)]) };
    case "!=":
      return { key, operator: "notin", values: new Set([readValue(tokens)]) };
    case "in":
    case "notin":
      return { key, operator, values: readValues(tokens) };
    case ">":
    case "<": {
      const than = tokens.take();
      if (!/^[+-]?\d+$/.test(than)) {
        throw badRequest(
          `unable to parse requirement: values[0][${key}]: Invalid value: "${than}": for 'Gt', 'Lt' operators, the value must be an integer`,
        );
      }
      return { key, operator: operator === ">" ? "gt" : "lt", than: BigInt(than) };
    }
    default:
      throw badRequest(`unable to parse requirement: found '${operator}', expected: in, notin, =, ==, !=, gt, lt`);
  }
}

function readValue(tokens: Tokens): string {
  const next = tokens.peek();
  return checkValue(next === "" || next === "," ? "" : tokens.take());
}

function readValues(tokens: Tokens): ReadonlySet<string> {
  const open = tokens.take();
  if (open !== "(") throw badRequest(`unable to parse requirement: found '${open}', expected: '('`);
  // An empty list of values matches nothing, or everything after notin.
  if (tokens.peek() === ")") {
    tokens.take();
    return new Set();
  }
  const values = new Set<string>();
  let value = "";
  while (true) {
    const token = tokens.take();
    if (token === "") throw badRequest("unable to parse requirement: found '', expected: ',' or ')'");
    if (token === "," || token === ")") {
      values.add(checkValue(value));
      value = "";
      if (token === ")") return values;
    } else value = token;
  }
}

function checkValue(value: string): string {
  if (value.length <= 63 && labelValue.test(value)) return value;
  throw badRequest(
    `unable to parse requirement: values[0]: Invalid value: "${value}": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`,
  );
}

/** The words and signs of a label selector; "" at the end. */
class Tokens {
  readonly #tokens: readonly string[];
  #next = 0;

  constructor(text: string) {
    this.#tokens = text.match(/==|!=|[=!<>(),]|[^\s=!<>(),]+/g) ?? [];
  }

  peek(): string {
    return this.#tokens[this.#next] ?? "";
  }

  take(): string {
    return this.#tokens[this.#next++] ?? "";
  }
}

/** Reads a field selector, such as `metadata.name=a,status.phase!=Failed`. @throws StatusError 400. */
export function parseFieldSelector(text: string, known: ReadonlySet<string>): readonly FieldRequirement[] {
  const requirements = splitFieldSelector(text);
  const stranger = requirements.find(({ field }) => !known.has(field));
  if (stranger === undefined) return requirements;
  const names = [...known].map((name) => `"${name}"`).join(", ");
  throw badRequest(`"${stranger.field}" is not a known field selector: only ${names}`);
}

/** Reads a field selector of whatever fields. @throws StatusError 400. */
export function splitFieldSelector(text: string): readonly FieldRequirement[] {
  return splitTerms(text).map((term) => {
    const match = /^(.*?)(!=|==|=)(.*)$/s.exec(term);
    if (match === null) throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`);
    const [, field = "", operator, value = ""] = match;
    return { field, equal: operator !== "!=", value: value.replaceAll(/\\(.)/g, "$1") };
  });
}

/** Splits at commas that no backslash escapes; empty terms are left out. */
function splitTerms(text: string): readonly string[] {
  return text.match(/(\\.|[^,\\])+/gs) ?? [];
}
