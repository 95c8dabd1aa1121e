import { createHash } from "node:crypto";
import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import type { Context } from "../context.ts";
import { copyObject, objectAt, objectsAt, parseStored, stringAt } from "../json.ts";
import { customResourceDefinitions } from "../resources/builtin.ts";
import { apiVersionOf } from "../resources/registry.ts";
import { type ServedResource, storageKey } from "../resources/served_resource.ts";
import { definitionOf, definitions, recordedVersion, referenceOf, referencePrefix } from "../schema/document.ts";
import { recordKey } from "../store/record.ts";

type Known = Pick<Context, "registry" | "store">;

/**
 * The OpenAPI document at a path, for `kubectl explain`, `apply` and `create`: schemas of all that is served, and of
 * operations what clients look up (their kind and the parameters of a patch). Undefined when there is none.
 */
export function openApiDocument(path: string, context: Known): JSONObject | undefined {
  if (path === "/openapi/v2") return version2(context);
  if (path === "/openapi/v3") return { paths: index(context) };
  if (!path.startsWith("/openapi/v3/")) return undefined;
  const root = path.slice("/openapi/v3/".length);
  const served = context.registry.all().filter((each) => rootOf(each) === root);
  return served.length === 0 ? undefined : version3(context, served);
}

/** `api/v1` or `apis/apps/v1`. */
function rootOf(resource: ServedResource): string {
  return `${resource.group === "" ? "api" : "apis"}/${apiVersionOf(resource)}`;
}

/** Where each group's document is. The hash lets clients keep a document until it changes. */
function index(context: Known): JSONObject {
  const roots = Map.groupBy(context.registry.all(), rootOf);
  const entry = (root: string, served: readonly ServedResource[]): [string, JSONObject] => {
    const own = served.map((
      each,
    ) => [each.plural, each.custom === true ? customSchema(each, context) : recordedVersion]);
    const hash = createHash("sha256").update(JSON.stringify(own)).digest("hex").toUpperCase();
    return [root, { serverRelativeURL: `/openapi/v3/${root}?hash=${hash}` }];
  };
  return Object.fromEntries([...roots].map(([root, served]) => entry(root, served)));
}

function version3(context: Known, served: readonly ServedResource[]): JSONObject {
  return {
    openapi: "3.0.0",
    info: { title: "Kubernetes", version: recordedVersion },
    paths: Object.fromEntries(served.flatMap(pathsOf)),
    // A copy: what was recorded belongs to all servers, and in the direct face the answer to whoever asked.
    components: { schemas: copyObject(schemasOf(context, served)) },
  };
}

function version2(context: Known): JSONObject {
  const served = context.registry.all();
  const schemas = JSON.stringify(schemasOf(context, served)).replaceAll(referencePrefix, "#/definitions/");
  return {
    swagger: "2.0",
    info: { title: "Kubernetes", version: recordedVersion },
    paths: Object.fromEntries(served.flatMap(pathsOf)),
    definitions: parseStored(schemas),
  };
}

/** The paths of a resource. Only what clients look for: which kind is patched, and with which parameters. */
function pathsOf(resource: ServedResource): readonly (readonly [string, JSONObject])[] {
  const { plural, namespaced, status } = resource;
  const name = parameter("name", "path");
  const namespace = parameter("namespace", "path");
  const collection = `/${rootOf(resource)}/${namespaced ? "namespaces/{namespace}/" : ""}${plural}`;
  const parameters = namespaced ? [namespace] : [];
  const writes = ["dryRun", "fieldManager", "fieldValidation"];
  const operation = (action: string, query: readonly string[]): JSONObject => ({
    "x-kubernetes-action": action,
    "x-kubernetes-group-version-kind": kindOf(resource),
    parameters: query.map((each) => parameter(each, "query")),
    responses: { "200": { description: "OK" } },
  });
  const item = { put: operation("put", writes), patch: operation("patch", [...writes, "force"]) };
  const one = (path: string, rest: JSONObject): readonly [string, JSONObject] => [
    path,
    { get: operation("get", []), ...item, ...rest, parameters: [name, ...parameters] },
  ];
  return [
    [collection, { get: operation("list", []), post: operation("post", writes), parameters }],
    one(`${collection}/{name}`, { delete: operation("delete", ["dryRun"]) }),
    ...(status === true ? [one(`${collection}/{name}/status`, {})] : []),
  ];
}

function parameter(name: string, place: "path" | "query"): JSONObject {
  return { name, in: place, schema: { type: "string" }, ...(place === "path" ? { required: true } : {}) };
}

function kindOf({ group, version, kind }: ServedResource): JSONObject {
  return { group, version, kind };
}

/** The schemas of the kinds and of all that they refer to, by name. */
function schemasOf(context: Known, served: readonly ServedResource[]): JSONObject {
  const schemas: JSONObject = {};
  for (const resource of served) {
    const own = resource.custom === true ? undefined : definitionOf(resource.group, resource.version, resource.kind);
    if (own !== undefined) {
      for (const name of [own, `${own}List`, deleteOptions]) collect(name, schemas);
      continue;
    }
    const schema = customSchema(resource, context);
    schemas[customName(resource)] = schema;
    collectReferences(schema, schemas);
  }
  return schemas;
}

const meta = "io.k8s.apimachinery.pkg.apis.meta.v1";
const deleteOptions = `${meta}.DeleteOptions`;

function collect(name: string, into: JSONObject): void {
  if (into[name] !== undefined) return;
  const definition = definitions[name];
  if (definition === undefined) return;
  into[name] = definition;
  collectReferences(definition, into);
}

function collectReferences(value: JSONValue, into: JSONObject): void {
  if (Array.isArray(value)) { for (const item of value) collectReferences(item, into); }
  else if (isJsonObject(value)) {
    const reference = typeof value["$ref"] === "string" ? referenceOf(value) : undefined;
    if (reference !== undefined) collect(reference, into);
    for (const part of Object.values(value)) collectReferences(part, into);
  }
}

/** Name of a custom resource's schema: its group backwards, as in `io.example.v1.Thing`. */
function customName({ group, version, kind }: ServedResource): string {
  return [...group.split(".").toReversed(), version, kind].join(".");
}

/** The schema in a CustomResourceDefinition, with what every object has. */
function customSchema(resource: ServedResource, context: Known): JSONObject {
  const { group, version, plural } = resource;
  const collection = context.store.collection(storageKey(customResourceDefinitions));
  const record = collection.get(recordKey("", `${plural}.${group}`));
  const versions = record === undefined ? [] : objectsAt(objectAt(parseStored(record.json), "spec"), "versions");
  const found = versions.find((each) => stringAt(each, "name") === version) ?? {};
  const given = objectAt(objectAt(found, "schema"), "openAPIV3Schema");
  const schema: JSONObject = Object.keys(given).length === 0
    ? { type: "object", "x-kubernetes-preserve-unknown-fields": true }
    : given;
  // Every kind describes these two alike.
  const common = objectAt(objectAt(definitions, `${meta}.Status`), "properties");
  return {
    ...schema,
    properties: {
      ...objectAt(schema, "properties"),
      ...(common["apiVersion"] === undefined ? {} : { apiVersion: common["apiVersion"] }),
      ...(common["kind"] === undefined ? {} : { kind: common["kind"] }),
      metadata: {
        description: "Standard object's metadata.",
        allOf: [{ $ref: `${referencePrefix}${meta}.ObjectMeta` }],
      },
    },
    "x-kubernetes-group-version-kind": [kindOf(resource)],
  };
}
