import type { JSONObject } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { objectAt, objectsAt } from "../json.ts";
import type { Cause } from "../status.ts";
import { checkRules, type RuleCheck } from "./rule_checks.ts";
import { checkLists } from "./structural_lists.ts";
import { checkValue } from "./structural_values.ts";

/** What is wrong with an object by its structural schema, in the words of the real server. */
export function validateStructural(
  object: JSONObject,
  old: JSONObject | undefined,
  schema: JSONObject,
  rules: RuleCheck,
  { found = [], scale = [] }: { readonly found?: readonly Cause[]; readonly scale?: readonly Cause[] } = {},
): readonly Cause[] {
  // Metadata has rules of its own, and the schema may not say more but for the name.
  const checked = { ...schema, properties: { ...objectAt(schema, "properties"), metadata: { type: "object" } } };
  const causes = [...checkValue(object, old, checked, ""), ...scale, ...checkLists(object, schema, "")];
  if (![...found, ...causes].some(({ reason }) => blocking.has(reason))) {
    return [...causes, ...checkRules(object, old, schema, "", rules)];
  }
  // Rules rely on the types.
  return hasRules(schema) ? [...causes, unchecked] : causes;
}

/**
 * What is wrong with an object of a wrong kind or version: of its schema only lists and rules are looked at then.
 */
export function validateForeign(
  object: JSONObject,
  old: JSONObject | undefined,
  schema: JSONObject,
  rules: RuleCheck,
): readonly Cause[] {
  const causes = checkLists(object, schema, "");
  return [...causes, ...checkRules(object, old, schema, "", rules)];
}

/** What keeps rules from being evaluated. */
const blocking: ReadonlySet<string> = new Set([
  "FieldValueTypeInvalid",
  "FieldValueRequired",
  "FieldValueTooLong",
  "FieldValueTooMany",
  "FieldValueNotSupported",
]);

const unchecked: Cause = {
  reason: "FieldValueInvalid",
  message: "Invalid value: null: some validation rules were not checked because the object was invalid; " +
    "correct the existing errors to complete validation",
  field: "<nil>",
};

function hasRules(schema: JSONObject): boolean {
  if (objectsAt(schema, "x-kubernetes-validations").length > 0) return true;
  const parts = [...Object.values(objectAt(schema, "properties")), schema["items"], schema["additionalProperties"]];
  return parts.some((part) => isJsonObject(part) && hasRules(part));
}

/** What is wrong with the default in a schema. */
export function defaultProblems(schema: JSONObject, field: string): readonly Cause[] {
  return checkValue(schema["default"], undefined, schema, "").map((cause) => ({ ...cause, field }));
}
