import type { ServedResource } from "../resources/served_resource.ts";
import { builtinSchema } from "./builtin_schema.ts";
import { definitionOf } from "./document.ts";
import { anySchema, type FieldSchema, type StructSchema } from "./type_schema.ts";

const objectMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

const plain: Omit<FieldSchema, "schema"> = {
  default: undefined,
  goType: "",
  byValue: false,
  omitZero: false,
  zero: undefined,
  patch: { merge: false, retainKeys: false, mergeKey: "" },
};

/** A field of a custom resource. */
export function plainField(schema: FieldSchema["schema"]): FieldSchema {
  return { ...plain, schema };
}

/** What every object has: apiVersion, kind and metadata. */
export function objectFields(): readonly (readonly [string, FieldSchema])[] {
  const text = plainField({ type: "scalar", scalar: "string", enum: [] });
  return [["apiVersion", text], ["kind", text], ["metadata", { ...plainField(metadataSchema()), byValue: true }]];
}

/** The schema of metadata. */
export function metadataSchema(): StructSchema {
  const schema = builtinSchema(objectMeta);
  if (schema.type !== "struct") throw new TypeError("the recorded ObjectMeta is no struct");
  return schema;
}

/** Made once for each resource, as that takes more than looking it up. */
const schemas = new WeakMap<ServedResource, StructSchema>();

/** The schema of the objects of a resource. Without one of its own, all but the metadata may hold anything. */
export function schemaOf(resource: ServedResource): StructSchema {
  const known = schemas.get(resource);
  if (known !== undefined) return known;
  const schema = makeSchema(resource);
  schemas.set(resource, schema);
  return schema;
}

function makeSchema(resource: ServedResource): StructSchema {
  if (resource.custom === true) return resource.structural?.type ?? untyped();
  const name = definitionOf(resource.group, resource.version, resource.kind);
  if (name === undefined) return untyped();
  const schema = builtinSchema(name);
  if (schema.type !== "struct") throw new TypeError(`the recorded definition ${name} is no struct`);
  return schema;
}

function untyped(): StructSchema {
  return { type: "struct", name: "", atomic: false, fields: new Map(objectFields()), others: anySchema };
}
