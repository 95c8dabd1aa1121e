import type { ParseResult } from "@marcbachmann/cel-js";
import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { celCompiler } from "../cel.ts";
import { getField, objectAt, objectsAt, stringAt } from "../json.ts";
import type { RuleFailure } from "./rule_checks.ts";

/** Whatever CEL works with: whole numbers are bigints. */
type CelValue = null | boolean | string | number | bigint | Date | CelValue[] | { [key: string]: CelValue };

const compile = celCompiler(["self", "oldSelf"]);

/**
 * Compiles a rule of `x-kubernetes-validations` (CEL). `self` and `oldSelf` are known; types are found at run time.
 * @throws Error that says what is wrong with it
 */
export function compileRule(rule: string): ParseResult {
  return compile(rule);
}

/** Does a rule look at the old value, so that it holds for changes only? */
export function isTransitionRule(rule: string): boolean {
  return /\boldSelf\b/.test(rule.replaceAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, ""));
}

/** Evaluates the rules of a schema; see RuleCheck. */
export function checkRulesOf(schema: JSONObject, value: JSONValue, old: JSONValue): readonly RuleFailure[] {
  const rules = objectsAt(schema, "x-kubernetes-validations");
  if (rules.length === 0 || value === undefined || value === null) return [];
  const self = toCel(value, schema);
  return rules.flatMap((each): RuleFailure[] => {
    const rule = stringAt(each, "rule");
    const isTransition = isTransitionRule(rule);
    if (isTransition && old === undefined) return [];
    const context = isTransition ? { self, oldSelf: toCel(old, schema) } : { self };
    const failure = { reason: stringAt(each, "reason") || "FieldValueInvalid", fieldPath: stringAt(each, "fieldPath") };
    try {
      const result: unknown = compileRule(rule)(context);
      return result === true ? [] : [{ ...failure, message: messageOf(each, rule) }];
    } catch (error) {
      const problem = error instanceof Error ? error.message.split("\n", 1).join() : String(error);
      return [{
        ...failure,
        reason: "FieldValueInvalid",
        message: `"${stringAt(schema, "type")}": ${lowerFirst(problem)} evaluating rule: ${messageOf(each, rule)}`,
      }];
    }
  });
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function messageOf(rule: JSONObject, text: string): string {
  return stringAt(rule, "message").trim() || `failed rule: ${text}`;
}

/** The value as rules see it: whole numbers where the schema says so, and of metadata only the names. */
function toCel(value: JSONValue, schema: JSONObject): CelValue {
  if (value === undefined || value === null) return null;
  if (Array.isArray(value)) {
    const items = objectAt(schema, "items");
    return value.map((item) => toCel(item, items));
  }
  if (isJsonObject(value)) return objectToCel(value, schema);
  const isWhole = schema["type"] === "integer" || schema["x-kubernetes-int-or-string"] === true;
  if (typeof value === "number") return isWhole && Number.isInteger(value) ? BigInt(value) : value;
  // Times are timestamps to rules.
  if (typeof value === "string" && schema["format"] === "date-time") return new Date(value);
  return value;
}

const namesOnly: JSONObject = {
  type: "object",
  properties: { name: { type: "string" }, generateName: { type: "string" } },
};

function objectToCel(value: JSONObject, schema: JSONObject): CelValue {
  const properties = objectAt(schema, "properties");
  const more = getField(schema, "additionalProperties");
  // Entries, as a field may be called __proto__.
  const seen: [string, CelValue][] = [];
  for (const key of Object.keys(value)) {
    const isMetadata = key === "metadata" && (value["apiVersion"] !== undefined || value["kind"] !== undefined);
    const property = isMetadata ? namesOnly : getField(properties, key) ?? more;
    // Rules do not see what no schema specifies.
    if (isJsonObject(property)) seen.push([key, toCel(getField(value, key), property)]);
    else if (key === "apiVersion" || key === "kind") seen.push([key, stringAt(value, key)]);
  }
  return Object.fromEntries(seen);
}
