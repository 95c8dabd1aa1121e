import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { getField } from "../json.ts";

/** A path that cannot be read, or uses a part of the language that is not supported. */
export class JsonPathError extends Error {
  override readonly name = "JsonPathError";
}

/** Finds values in a document. */
export type JsonPath = (document: JSONValue) => readonly JSONValue[];

type Step =
  | { readonly type: "field"; readonly name: string }
  | { readonly type: "index"; readonly index: number }
  | { readonly type: "all" }
  | { readonly type: "filter"; readonly path: readonly Step[]; readonly test: (value: JSONValue) => boolean };

/**
 * Reads a path as `additionalPrinterColumns` have it, such as `.status.conditions[?(@.type=="Ready")].status`: fields
 * (quoted, or with escaped dots), indexes (negative ones from the end), `[*]`, and filters with one comparison.
 * @throws JsonPathError for recursion, slices, unions and what is no path.
 */
export function parseJsonPath(text: string): JsonPath {
  const steps = parseSteps(text.replace(/^\{(.*)\}$/s, "$1"), text);
  return (document) => find(document, steps);
}

const patterns: readonly (readonly [RegExp, (match: RegExpExecArray, whole: string) => Step])[] = [
  [/^\.?\[\s*\*\s*\]|^\.\*/, () => ({ type: "all" })],
  [/^\.?\[\s*(-?\d+)\s*\]/, ([, index]) => ({ type: "index", index: Number(index) })],
  [
    /^\.?\[\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*\]/,
    ([, single, double]) => ({ type: "field", name: unescape(single ?? double ?? "") }),
  ],
  [
    /^\.?\[\s*\?\(\s*@((?:[^=!<>)"']|\[[^\]]*\])+?)\s*(?:(==|!=|<=|>=|<|>)\s*("[^"]*"|'[^']*'|[^\s)]+)\s*)?\)\s*\]/,
    ([, path = "", operator, literal = ""], whole) => ({
      type: "filter",
      path: parseSteps(path, whole),
      test: operator === undefined ? () => true : comparison(operator, parseLiteral(literal)),
    }),
  ],
  [/^\.((?:[^.[\]\\*\s'"]|\\.)+)/, ([, name = ""]) => ({ type: "field", name: unescape(name) })],
];

function parseSteps(text: string, whole: string): readonly Step[] {
  const steps: Step[] = [];
  let rest = text.trim();
  while (rest !== "") {
    let matched = false;
    for (const [pattern, make] of patterns) {
      const match = pattern.exec(rest);
      if (match === null) continue;
      steps.push(make(match, whole));
      rest = rest.slice(match[0].length);
      matched = true;
      break;
    }
    if (!matched) throw new JsonPathError(`cannot read the JSONPath ${whole} from ${JSON.stringify(rest)} on`);
  }
  return steps;
}

function unescape(text: string): string {
  return text.replaceAll(/\\(.)/g, "$1");
}

function parseLiteral(text: string): JSONValue {
  if (/^["']/.test(text)) return text.slice(1, -1);
  if (text === "true" || text === "false") return text === "true";
  const number = Number(text);
  if (Number.isNaN(number)) throw new JsonPathError(`cannot read ${text} in a filter: quote it if it is a string`);
  return number;
}

function comparison(operator: string, wanted: JSONValue): (value: JSONValue) => boolean {
  const ordered = (test: (order: number) => boolean) => (value: JSONValue): boolean => {
    if (typeof value !== typeof wanted) return false;
    if (typeof value === "number" && typeof wanted === "number") return test(value - wanted);
    if (typeof value === "string" && typeof wanted === "string") {
      return test(value < wanted ? -1 : Number(value > wanted));
    }
    return value === wanted && test(0);
  };
  switch (operator) {
    case "==":
      return (value) => value === wanted;
    case "!=":
      return (value) => value !== wanted;
    case "<":
      return ordered((order) => order < 0);
    case "<=":
      return ordered((order) => order <= 0);
    case ">":
      return ordered((order) => order > 0);
    default:
      return ordered((order) => order >= 0);
  }
}

function find(document: JSONValue, steps: readonly Step[]): readonly JSONValue[] {
  let values: readonly JSONValue[] = [document];
  for (const step of steps) values = values.flatMap((value) => follow(value, step));
  return values;
}

function follow(value: JSONValue, step: Step): readonly JSONValue[] {
  switch (step.type) {
    case "field": {
      const field = isJsonObject(value) ? getField(value, step.name) : undefined;
      return field === undefined ? [] : [field];
    }
    case "index": {
      const item = Array.isArray(value) ? value.at(step.index) : undefined;
      return item === undefined ? [] : [item];
    }
    case "all":
      return itemsOf(value);
    case "filter":
      return itemsOf(value).filter((item) => find(item, step.path).some(step.test));
  }
}

function itemsOf(value: JSONValue): readonly JSONValue[] {
  if (Array.isArray(value)) return value;
  return isJsonObject(value) ? Object.values(value satisfies JSONObject) : [];
}
