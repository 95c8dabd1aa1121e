import { badRequest } from "./status.ts";
import type { Labels } from "./store/record.ts";
import { labelValueProblems, qualifiedNameProblems } from "./validate/names.ts";

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
    case "lt": {
      const number = value === undefined ? undefined : parseInt64(value);
      if (number === undefined) return false;
      return requirement.operator === "gt" ? number > requirement.than : number < requirement.than;
    }
  }
}

/** The whole number in 64 bits that a text is; undefined when it is none. */
function parseInt64(text: string): bigint | undefined {
  // The length is looked at first, as reading a long number takes time quadratic in it.
  if (!/^[+-]?\d+$/.test(text)) return undefined;
  const digits = text.replace(/^([+-]?)0+(?=\d)/, "$1");
  if (digits.length > 20) return undefined;
  const number = BigInt(digits.replace(/^\+/, ""));
  return BigInt.asIntN(64, number) === number ? number : undefined;
}

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
    if (following !== "!" && (following === "" || sign.test(following))) {
      throw badRequest(`found '${following}', expected: identifier after ','`);
    }
  }
}

/** Signs that cannot begin a requirement. */
const sign = /^[,=<>()!]/;

function readRequirement(tokens: Tokens): LabelRequirement {
  const first = tokens.take();
  const absent = first === "!";
  const key = absent ? tokens.take() : first;
  if (!absent && sign.test(first)) throw badRequest(`found '${first}', expected: !, identifier, or 'end of string'`);
  if (absent && (key === "" || sign.test(key))) {
    throw badRequest(`unable to parse requirement: found '${key}', expected: identifier`);
  }
  const problems = qualifiedNameProblems(key);
  if (problems.length > 0) {
    const why = problems.join("; ");
    throw badRequest(`unable to parse requirement: <nil>: Invalid value: ${JSON.stringify(key)}: ${why}`);
  }
  if (absent) return { key, operator: "absent" };
  const next = tokens.peek();
  if (next === "" || next === ",") return { key, operator: "exists" };
  const operator = tokens.take();
  switch (operator) {
    case "=":
    case "==":
      return { key, operator: "in", values: new Set([readValue(tokens, key)]) };
    case "!=":
      return { key, operator: "notin", values: new Set([readValue(tokens, key)]) };
    case "in":
    case "notin":
      return { key, operator, values: readValues(tokens, key) };
    case ">":
    case "<": {
      const value = readIdentifier(tokens);
      const than = parseInt64(value);
      if (than === undefined) {
        const problem = "for 'Gt', 'Lt' operators, the value must be an integer";
        throw badRequest(
          `unable to parse requirement: values[0]: Invalid value: ${JSON.stringify(value)}: ${problem}`,
        );
      }
      // A number with a sign is no value of a label.
      checkValues([value], key);
      return { key, operator: operator === ">" ? "gt" : "lt", than };
    }
    default:
      throw badRequest(`unable to parse requirement: found '${operator}', expected: in, notin, =, ==, !=, gt, lt`);
  }
}

function readValue(tokens: Tokens, key: string): string {
  return checkValues([readIdentifier(tokens)], key).join();
}

/** The word after an operator; "" where there is none. */
function readIdentifier(tokens: Tokens): string {
  const next = tokens.peek();
  if (next === "" || next === ",") return "";
  if (sign.test(next)) throw badRequest(`unable to parse requirement: found '${next}', expected: identifier`);
  return tokens.take();
}

function readValues(tokens: Tokens, key: string): ReadonlySet<string> {
  const open = tokens.take();
  if (open !== "(") throw badRequest(`unable to parse requirement: found '${open}' expected: '('`);
  // Nothing between two signs is an empty value: also "()" holds one.
  const values: string[] = [];
  let value: string | undefined;
  while (true) {
    const token = tokens.take();
    if (token === "," || token === ")") {
      values.push(value ?? "");
      value = undefined;
      if (token === ")") return new Set(checkValues([...new Set(values)].sort(), key));
    } else if (token === "" || sign.test(token) || value !== undefined) {
      const expected = value === undefined ? "',', ')' or identifier" : "',' or ')'";
      throw badRequest(`unable to parse requirement: found '${token}', expected: ${expected}`);
    } else value = token;
  }
}

function checkValues(values: readonly string[], key: string): readonly string[] {
  values.forEach((value, index) => {
    const [problem] = labelValueProblems(value);
    if (problem === undefined) return;
    const place = `values[${index}][${key}]`;
    throw badRequest(`unable to parse requirement: ${place}: Invalid value: ${JSON.stringify(value)}: ${problem}`);
  });
  return values;
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

/**
 * Reads a field selector, such as `metadata.name=a,status.phase!=Failed`.
 * @param generic does the kind know no fields but those of the metadata? Then the refusal names them.
 * @throws StatusError 400.
 */
export function parseFieldSelector(
  text: string,
  known: ReadonlySet<string>,
  generic: boolean,
): readonly FieldRequirement[] {
  const requirements = splitFieldSelector(text);
  const stranger = requirements.find(({ field }) => !known.has(field));
  if (stranger === undefined) return requirements;
  if (!generic) throw badRequest(`field label not supported: ${stranger.field}`);
  const names = [...known].map((name) => `"${name}"`).join(", ");
  throw badRequest(`"${stranger.field}" is not a known field selector: only ${names}`);
}

/** Reads a field selector of whatever fields. @throws StatusError 400. */
export function splitFieldSelector(text: string): readonly FieldRequirement[] {
  return splitTerms(text).flatMap((term) => {
    const match = /^(.*?)(!=|==|=)(.*)$/s.exec(term);
    if (match === null) throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`);
    const [, field = "", operator, value = ""] = match;
    const unescaped = value.replaceAll(/\\[\\,=]/g, "");
    const [wrong] = /\\([^\\,=]|$)/s.exec(unescaped) ?? [];
    if (wrong !== undefined) throw badRequest(`invalid field selector: invalid escape sequence: ${wrong}`);
    if (unescaped.includes("=")) throw badRequest("invalid field selector: unescaped character in value: 61");
    // Nothing that is nothing is no condition.
    if (field === "" && value === "") return [];
    return [{ field, equal: operator !== "!=", value: value.replaceAll(/\\(.)/g, "$1") }];
  });
}

/** Splits at commas that no backslash escapes; empty terms are left out. */
function splitTerms(text: string): readonly string[] {
  return text.match(/(\\.|\\$|[^,\\])+/gs) ?? [];
}
