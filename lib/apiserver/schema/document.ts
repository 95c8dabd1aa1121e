import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { objectAt, objectsAt, stringAt } from "../json.ts";
import document from "./openapi.json" with { type: "json" };

// Recorded by tests/lib/apiserver/record_openapi.ts.
const { version, schemas: recorded, go: recordedGo } = document;

/** Release of Kubernetes that the schemas were recorded from, such as "v1.36.3". */
export const recordedVersion: string = version;

/** The OpenAPI v3 schemas of the served kinds and of all that they refer to, by name. Not to be changed. */
export const definitions: JSONObject = recorded;

/** Go's types of the fields of the definitions, such as `*int32,omitempty`. Not to be changed. */
export const goTypes: JSONObject = recordedGo;

/** Prefix of references between definitions. */
export const referencePrefix = "#/components/schemas/";

/** Name of the definition that a schema refers to, directly or as `allOf`; undefined when it is no reference. */
export function referenceOf(schema: JSONObject): string | undefined {
  const direct = stringAt(schema, "$ref");
  if (direct !== "") return direct.slice(referencePrefix.length);
  const all: JSONValue = schema["allOf"];
  const [only] = Array.isArray(all) && all.length === 1 ? all : [];
  return isJsonObject(only) ? referenceOf(only) : undefined;
}

/** Name of the definition of a kind; undefined when it was not recorded. */
export function definitionOf(group: string, groupVersion: string, kind: string): string | undefined {
  return names.get(`${group}/${groupVersion}/${kind}`);
}

const names: ReadonlyMap<string, string> = new Map(
  Object.keys(definitions).flatMap((name) =>
    objectsAt(objectAt(definitions, name), "x-kubernetes-group-version-kind").map((each) =>
      [`${stringAt(each, "group")}/${stringAt(each, "version")}/${stringAt(each, "kind")}`, name] as const
    )
  ),
);
