import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { getField, objectAt, stringAt, stringsAt } from "../json.ts";
import type { Cause } from "../status.ts";
import { pruneUnknown } from "./prune.ts";
import { objectFields, plainField } from "./resource_schema.ts";
import { dropNulls, setStructuralDefaults } from "./structural_defaults.ts";
import type { RuleCheck } from "./rule_checks.ts";
import { validateForeign, validateStructural } from "./structural_validation.ts";
import { anySchema, type FieldSchema, type StructSchema, type TypeSchema } from "./type_schema.ts";

/** The schema of one version of a custom resource: what its `openAPIV3Schema` makes the server do. */
export class StructuralSchema {
  /** For server-side apply. */
  readonly type: StructSchema;
  readonly #schema: JSONObject;
  readonly #rules: RuleCheck;

  /**
   * @param schema `openAPIV3Schema`, which is structural
   * @param rules evaluates `x-kubernetes-validations`
   */
  constructor(schema: JSONObject, rules: RuleCheck) {
    this.#schema = schema;
    this.#rules = rules;
    const root = structOf(schema);
    this.type = {
      type: "struct",
      name: "",
      atomic: false,
      fields: new Map([...(root.type === "struct" ? root.fields : []), ...objectFields()]),
      others: root.type === "struct" ? root.others : root.type === "any" ? anySchema : undefined,
    };
  }

  /** Drops what the schema does not have; works on the given object. `unknown` gets the paths. */
  prune(object: JSONObject, unknown: string[]): void {
    pruneUnknown(object, this.#schema, unknown, "", true);
  }

  /** Drops nulls that the schema does not allow and has no default for; works on the given object. */
  dropNulls(object: JSONObject): void {
    dropNulls(object, this.#schema);
  }

  /** Sets defaults; works on the given object. */
  setDefaults(object: JSONObject): void {
    setStructuralDefaults(object, this.#schema);
  }

  /**
   * What is wrong with an object. What was wrong before and did not change is tolerated (KEP-4008).
   * @param old the object that it replaces; undefined on create.
   * @param found what is wrong already: rules are not evaluated where that is too much
   * @param scale what is wrong with the fields that a scale shows
   */
  validate(
    object: JSONObject,
    old: JSONObject | undefined,
    found: readonly Cause[],
    subresource: string | undefined,
    scale: readonly Cause[] = [],
  ): readonly Cause[] {
    const causes = validateStructural(object, old, this.#schema, this.#rules, { found, scale });
    return subresource === "status" ? causes.map(inStatus) : causes;
  }

  /** What is wrong with an object that does not name this kind and version, besides that. */
  validateForeign(object: JSONObject, old: JSONObject | undefined): readonly Cause[] {
    return validateForeign(object, old, this.#schema, this.#rules);
  }
}

/** The status subresource is validated on its own: messages name fields from there. */
function inStatus(cause: Cause): Cause {
  if (cause.reason !== "FieldValueTypeInvalid" && !cause.message.includes(" in status.")) return cause;
  const message = cause.message.replaceAll(/(?<=: |in )status(\.|(?= in body))/g, "");
  return { ...cause, message, ...(cause.field === "<nil>" ? { field: "status" } : {}) };
}

/** Does the schema say that everything is kept? */
export function keepsUnknown(schema: JSONObject): boolean {
  return schema["x-kubernetes-preserve-unknown-fields"] === true;
}

function typeOf(schema: JSONObject): TypeSchema {
  if (schema["x-kubernetes-int-or-string"] === true) return { type: "scalar", scalar: "intOrString", enum: [] };
  switch (schema["type"]) {
    case "object":
      return structOf(schema);
    case "array": {
      const type = stringAt(schema, "x-kubernetes-list-type");
      return {
        type: "list",
        list: type === "map" || type === "set" ? type : "atomic",
        keys: stringsAt(schema, "x-kubernetes-list-map-keys"),
        items: typeOf(objectAt(schema, "items")),
      };
    }
    case "string":
      return { type: "scalar", scalar: "string", enum: [] };
    case "boolean":
      return { type: "scalar", scalar: "boolean", enum: [] };
    case "integer":
      return { type: "scalar", scalar: "int64", enum: [] };
    case "number":
      return { type: "scalar", scalar: "number", enum: [] };
    default:
      return anySchema;
  }
}

function structOf(schema: JSONObject): TypeSchema {
  const atomic = schema["x-kubernetes-map-type"] === "atomic";
  const properties = Object.entries(objectAt(schema, "properties"));
  const more: JSONValue = getField(schema, "additionalProperties");
  if (properties.length === 0 && isJsonObject(more)) return { type: "map", atomic, items: typeOf(more) };
  const anything = keepsUnknown(schema) || more === true;
  if (properties.length === 0 && anything) return atomic ? { type: "map", atomic, items: anySchema } : anySchema;
  const embedded = schema["x-kubernetes-embedded-resource"] === true ? objectFields() : [];
  const fields = properties.map(([name, property]) => [name, fieldOf(isJsonObject(property) ? property : {})] as const);
  const others = anything ? anySchema : undefined;
  return { type: "struct", name: "", atomic, fields: new Map([...embedded, ...fields]), others };
}

function fieldOf(property: JSONObject): FieldSchema {
  return { ...plainField(typeOf(property)), default: property["default"] };
}
