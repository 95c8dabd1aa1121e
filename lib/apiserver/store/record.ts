import type { JSONObject } from "../../k8s/contract.ts";
import { objectAt, objectsAt, parseStored, stringAt } from "../json.ts";

/** Labels of an object. */
export type Labels = Readonly<Record<string, string>>;

/**
 * One version of an object. It never changes; the document is text, so that a reader cannot change what is stored and
 * an object costs little more than its bytes.
 */
export interface StoredObject {
  /** `namespace/name`, or `/name` without a namespace: sorts as the keys of the real server do. */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** resourceVersion. */
  readonly revision: number;
  /** Kept beside the document, as selectors need nothing else. Undefined when there are none. */
  readonly labels: Labels | undefined;
  /** uids of the owners, for the garbage collector. Undefined when there are none. */
  readonly owners: readonly string[] | undefined;
  readonly json: string;
}

/** Key of an object within its collection. */
export function recordKey(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

/** Makes the record of a document whose metadata is complete but for the resourceVersion, which is set here. */
export function recordOf(object: JSONObject, revision: number): StoredObject {
  const metadata = objectAt(object, "metadata");
  metadata["resourceVersion"] = String(revision);
  const namespace = stringAt(metadata, "namespace");
  const name = stringAt(metadata, "name");
  return {
    key: recordKey(namespace, name),
    namespace,
    name,
    uid: stringAt(metadata, "uid"),
    revision,
    labels: labelsOf(metadata),
    owners: ownersOf(metadata),
    json: JSON.stringify(object),
  };
}

/** The labels in some metadata; undefined when there are none. */
export function labelsOf(metadata: JSONObject): Labels | undefined {
  const entries = Object.entries(objectAt(metadata, "labels"));
  if (entries.length === 0) return undefined;
  return Object.fromEntries(entries.map(([key, value]) => [key, String(value)]));
}

function ownersOf(metadata: JSONObject): readonly string[] | undefined {
  const owners = objectsAt(metadata, "ownerReferences");
  return owners.length === 0 ? undefined : owners.map((owner) => stringAt(owner, "uid"));
}

/** The document with another resourceVersion: what a deletion shows. */
export function withRevision(record: StoredObject, revision: number): string {
  const object = parseStored(record.json);
  objectAt(object, "metadata")["resourceVersion"] = String(revision);
  return JSON.stringify(object);
}
