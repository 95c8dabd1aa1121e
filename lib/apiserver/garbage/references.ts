import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { compare } from "../apply/compare.ts";
import { readOwners, withoutFields, writeOwners } from "../apply/managed_fields.ts";
import { arrayAt, objectAt, objectsAt, parseStored } from "../json.ts";
import { objectFields } from "../schema/resource_schema.ts";
import type { StructSchema } from "../schema/type_schema.ts";
import type { Collection } from "../store/collection.ts";
import type { StoredObject } from "../store/record.ts";
import type { Store } from "../store/store.ts";

/** What all kinds of objects have. */
const objectSchema: StructSchema = {
  type: "struct",
  name: "",
  atomic: false,
  fields: new Map(objectFields()),
  others: undefined,
};

/** The ownerReferences of an object. */
export function ownerReferences(record: StoredObject): readonly JSONObject[] {
  return objectsAt(objectAt(parseStored(record.json), "metadata"), "ownerReferences");
}

/** Does an owner that is deleted in the foreground wait for this dependent of it? */
export function isBlocking(record: StoredObject, owner: string): boolean {
  return ownerReferences(record).some(({ uid, blockOwnerDeletion }) => uid === owner && blockOwnerDeletion === true);
}

/** Gives an object other ownerReferences. */
export function setReferences(
  store: Store,
  collection: Collection,
  record: StoredObject,
  references: readonly JSONValue[],
): void {
  const object = parseStored(record.json);
  const metadata = objectAt(object, "metadata");
  const before = { metadata: { ownerReferences: [...arrayAt(metadata, "ownerReferences")] } };
  const after = { metadata: references.length === 0 ? {} : { ownerReferences: [...references] } };
  if (references.length === 0) delete metadata["ownerReferences"];
  else metadata["ownerReferences"] = [...references];
  // Nobody has applied any more what is not there.
  writeOwners(object, withoutFields(readOwners(object), compare(before, after, objectSchema)));
  store.put(collection, object, record);
}
