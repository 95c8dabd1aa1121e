import type { JSONObject } from "../k8s/contract.ts";
import { type JsonPatchOperation, pointer } from "../k8s/api/patch.ts";
import type { ObjectMeta } from "../k8s/types.ts";
import { drainLabel, drainValue, shardLabel } from "./names.ts";
import type { Plan } from "./plan.ts";

/**
 * The change of labels that a plan asks for, as a JSON patch that compares before it sets: it first tests that both of
 * the ring's labels are still what the plan was made from (a test against null holds when the field is absent), so it
 * needs no resourceVersion and does not collide with changes of other fields. When a test fails the API server answers
 * 422, and the object is to be planned again. Empty when there is nothing to do.
 *
 * @param metadata what the plan was made from.
 */
export function patchFor(plan: Plan, metadata: ObjectMeta, ring: string): JsonPatchOperation[] {
  switch (plan.type) {
    case "none":
    case "wait":
      return [];
    case "assign":
      return assign(metadata, ring, plan.shard);
    case "move":
      return assign(metadata, ring, plan.to);
    case "drain":
      return [...testLabels(metadata, ring), set(drainLabel(ring), drainValue)];
    case "withdraw":
      // When the shard has let go meanwhile the tests fail, and the object is planned as one without a shard.
      return hasLabel(metadata, drainLabel(ring)) ? [...testLabels(metadata, ring), remove(drainLabel(ring))] : [];
  }
}

/**
 * A shard's acknowledgement of a drain: removes both labels of the ring, provided they are still as in `metadata`.
 * Empty when there are none.
 */
export function acknowledgementPatch(metadata: ObjectMeta, ring: string): JsonPatchOperation[] {
  const present = [shardLabel(ring), drainLabel(ring)].filter((label) => hasLabel(metadata, label));
  return present.length === 0 ? [] : [...testLabels(metadata, ring), ...present.map(remove)];
}

/** Gives the object to a shard. A drain label goes with it: it was meant for the shard before. */
function assign(metadata: ObjectMeta, ring: string, shard: string): JsonPatchOperation[] {
  // The API calls an absent map null in some encodings.
  const labels: ObjectMeta["labels"] | null = metadata.labels;
  if (labels === undefined || labels === null) {
    const value: JSONObject = { [shardLabel(ring)]: shard };
    // Adding the map would remove labels that somebody else has added meanwhile.
    return [
      { op: "test", path: pointer("metadata", "labels"), value: null },
      { op: "add", path: pointer("metadata", "labels"), value },
    ];
  }
  const undrain = hasLabel(metadata, drainLabel(ring)) ? [remove(drainLabel(ring))] : [];
  return [...testLabels(metadata, ring), set(shardLabel(ring), shard), ...undrain];
}

function testLabels(metadata: ObjectMeta, ring: string): JsonPatchOperation[] {
  return [shardLabel(ring), drainLabel(ring)].map((label) => (
    { op: "test", path: labelPath(label), value: hasLabel(metadata, label) ? metadata.labels?.[label] : null }
  ));
}

/** `add` replaces a label that is there already. */
function set(label: string, value: string): JsonPatchOperation {
  return { op: "add", path: labelPath(label), value };
}

function remove(label: string): JsonPatchOperation {
  return { op: "remove", path: labelPath(label) };
}

function labelPath(label: string): string {
  return pointer("metadata", "labels", label);
}

function hasLabel(metadata: ObjectMeta, label: string): boolean {
  return metadata.labels !== undefined && Object.hasOwn(metadata.labels, label);
}
