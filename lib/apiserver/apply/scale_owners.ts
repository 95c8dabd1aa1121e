import type { JSONObject } from "../../k8s/contract.ts";
import { arrayAt, objectAt } from "../json.ts";
import { apiVersionOf } from "../resources/registry.ts";
import type { ServedResource } from "../resources/served_resource.ts";
import { StatusError } from "../status.ts";
import { emptySet, type FieldSet, intersection, isEmptySet, leaf, node } from "./field_set.ts";
import { type Owner, readOwners, withoutFields, writeOwners } from "./managed_fields.ts";

/** A write to the scale subresource. */
export interface ScaleWrite {
  readonly resource: ServedResource;
  /** Where the number of replicas is. */
  readonly path: readonly string[];
  readonly manager: string;
  /** Is the number another one than before? */
  readonly changed: boolean;
}

/**
 * Notes in an object's managedFields who set its number of replicas. As in the real server, such entries have no time;
 * what nobody owned stays so; and a zero, which a Scale leaves out, is owned by nobody. Changes the given object.
 */
export function trackScaleUpdate(object: JSONObject, write: ScaleWrite, replicas: number): void {
  const owners = readOwners(object);
  const fields = fieldOf(write.path);
  const before = owners.filter((owner) => owns(owner, fields));
  if (before.length === 0) {
    const entries = arrayAt(objectAt(object, "metadata"), "managedFields");
    // What reading them lost is lost.
    if (owners.length < entries.length) writeOwners(object, owners);
    return;
  }
  if (replicas === 0) return writeOwners(object, without(owners, fields));
  // Those who keep it get an entry for it alone all the same.
  const taken = write.changed
    ? [entry("Update", write, fields)]
    : before.map((owner): Owner => ({ ...owner, fields, time: "" }));
  writeOwners(object, [...without(owners, fields), ...taken]);
}

/**
 * The same for a server-side apply of a Scale. Changes the given object.
 * @param replicas the number in the configuration; undefined when it names none
 * @returns the number that results; undefined: the one that there is
 * @throws StatusError 409 when others own it, and the change is not forced
 */
export function trackScaleApply(
  object: JSONObject,
  write: ScaleWrite,
  replicas: number | undefined,
  force: boolean,
): number | undefined {
  const owners = readOwners(object);
  const fields = fieldOf(write.path);
  const isMine = (owner: Owner): boolean =>
    owner.operation === "Apply" && owner.manager === write.manager && owner.subresource === "scale";
  const others = owners.filter((owner) => !isMine(owner));
  const holders = others.filter((owner) => owns(owner, fields));
  if (replicas === undefined) {
    writeOwners(object, others);
    // What only this manager owned goes with its claim.
    return owners.length > others.length && holders.length === 0 ? 0 : undefined;
  }
  if (write.changed && !force && holders.length > 0) throw conflicts(holders, write.path);
  const left = write.changed ? without(others, fields) : others;
  writeOwners(object, [...left, entry("Apply", write, fields)]);
  return replicas;
}

function fieldOf(path: readonly string[]): FieldSet {
  return path.toReversed().reduce<FieldSet>((child, name) => node(false, [[`f:${name}`, child]]), leaf);
}

function owns(owner: Owner, fields: FieldSet): boolean {
  return !isEmptySet(intersection(owner.fields, fields));
}

function without(owners: readonly Owner[], fields: FieldSet): readonly Owner[] {
  return withoutFields(owners, { changed: fields, removed: emptySet });
}

function entry(operation: Owner["operation"], { resource, manager }: ScaleWrite, fields: FieldSet): Owner {
  return { manager, operation, apiVersion: apiVersionOf(resource), subresource: "scale", time: "", fields };
}

function conflicts(holders: readonly Owner[], path: readonly string[]): StatusError {
  const field = `.${path.join(".")}`;
  const causes = holders.map(({ manager, operation, subresource }) => {
    const part = subresource === "" ? "" : ` with subresource ${JSON.stringify(subresource)}`;
    const using = operation === "Update" ? " using autoscaling/v1" : "";
    return {
      reason: "FieldManagerConflict",
      message: `conflict with ${JSON.stringify(manager)}${part}${using}`,
      field,
    };
  });
  const said = causes.map(({ message }) => `${message}: ${field}`);
  const message = said.length === 1
    ? `Apply failed with 1 conflict: ${said.join()}`
    : `Apply failed with ${said.length} conflicts: ${said.join("\n")}`;
  return new StatusError(409, "Conflict", message, { causes });
}
