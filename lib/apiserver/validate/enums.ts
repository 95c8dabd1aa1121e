import type { JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { getField } from "../json.ts";
import type { TypeSchema } from "../schema/type_schema.ts";
import type { Cause } from "../status.ts";

/** Values that are none of those that the schema of one of the server's own kinds lists. */
export function enumProblems(value: JSONValue, schema: TypeSchema, path = ""): readonly Cause[] {
  if (schema.type === "scalar") {
    if (schema.enum.length === 0 || typeof value !== "string" || schema.enum.includes(value)) return [];
    const allowed = schema.enum.map((each) => JSON.stringify(each)).join(", ");
    const message = `Unsupported value: ${JSON.stringify(value)}: supported values: ${allowed}`;
    return [{ reason: "FieldValueNotSupported", message, field: path }];
  }
  if (schema.type === "list") {
    if (!Array.isArray(value)) return [];
    return value.flatMap((item, index) => enumProblems(item, schema.items, `${path}[${index}]`));
  }
  if (schema.type !== "struct" || !isJsonObject(value)) return [];
  const causes: Cause[] = [];
  for (const key of Object.keys(value)) {
    // The status is written by controllers, which the real server mostly trusts.
    if (path === "" && (key === "metadata" || key === "status")) continue;
    const field = schema.fields.get(key);
    if (field === undefined) continue;
    causes.push(...enumProblems(getField(value, key), field.schema, path === "" ? key : `${path}.${key}`));
  }
  return causes;
}
