import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { getField } from "../json.ts";
import { goFormat } from "../patch/go_format.ts";
import type { ServedResource } from "../resources/served_resource.ts";
import type { Cause } from "../status.ts";
import { invalidValue } from "./metadata.ts";

/** Most replicas: they are an int32 in a Scale. */
const mostReplicas = 2 ** 31 - 1;

/** What is wrong with the fields that the scale of a custom resource shows, besides what its schema says. */
export function scaleProblems(
  object: JSONObject,
  { custom, scale }: ServedResource,
  subresource: string | undefined,
): readonly Cause[] {
  if (custom !== true || scale === undefined) return [];
  return [
    ...(subresource === "status" ? [] : replicasProblems(object, scale.specReplicas)),
    ...replicasProblems(object, scale.statusReplicas),
    ...(scale.selector === undefined ? [] : selectorProblems(object, scale.selector)),
  ];
}

function replicasProblems(object: JSONObject, path: readonly string[]): readonly Cause[] {
  const field = `.${path.join(".")}`;
  const { value = 0, problem } = read(object, path);
  if (problem !== undefined) return [invalidValue(field, 0, problem)];
  if (typeof value !== "number" || !Number.isInteger(value)) {
    return [invalidValue(field, 0, accessor(field, value, "int64"))];
  }
  if (value < 0) return [invalidValue(field, value, "should be a non-negative integer")];
  if (value <= mostReplicas) return [];
  return [invalidValue(field, value, `should be less than or equal to ${mostReplicas}`)];
}

function selectorProblems(object: JSONObject, path: readonly string[]): readonly Cause[] {
  const field = `.${path.join(".")}`;
  const { value = "", problem } = read(object, path);
  if (problem !== undefined) return [invalidValue(field, "", problem)];
  return typeof value === "string" ? [] : [invalidValue(field, "", accessor(field, value, "string"))];
}

function read(object: JSONObject, path: readonly string[]): { value?: JSONValue; problem?: string } {
  let value: JSONValue = object;
  for (const name of path) {
    if (!isJsonObject(value)) return { problem: accessor(`.${path.join(".")}`, value, "map[string]interface{}") };
    value = getField(value, name);
    if (value === undefined) return {};
  }
  return { value };
}

function accessor(field: string, value: JSONValue, wanted: string): string {
  return `${field} accessor error: ${goFormat(value)} is of the type ${goType(value)}, expected ${wanted}`;
}

/** The Go type of a value that was read from JSON into nothing in particular. */
function goType(value: JSONValue): string {
  if (value === null) return "<nil>";
  if (Array.isArray(value)) return "[]interface {}";
  switch (typeof value) {
    case "object":
      return "map[string]interface {}";
    case "number":
      return Number.isInteger(value) ? "int64" : "float64";
    case "boolean":
      return "bool";
    default:
      return "string";
  }
}
