import type { GroupResource } from "../lib/k8s/api/resource.ts";
import { pointer } from "../lib/k8s/api/patch.ts";
import {
  controlledKey,
  type GroupKind,
  groupOf,
  type HashKey,
  type KeyMetadata,
  mainKey,
} from "../lib/sharding/hash_key.ts";
import { brakesOf } from "../lib/sharding/brakes.ts";
import { isShardName, shardLabel } from "../lib/sharding/names.ts";
import { type ControllerRing, type Role, roleOf } from "../lib/sharding/ring_types.ts";
import type { RingView } from "../lib/sharding/ring_view.ts";
import type { Random } from "../lib/util/random.ts";
import {
  type AddOperation,
  type AdmissionRequest,
  decodeReview,
  encodePass,
  encodePatch,
  type JsonObject,
} from "./admission_review.ts";
import { isLabels, isMetadata } from "./metadata.ts";
import { finalName } from "./final_name.ts";
import { lostLabels } from "./lost_labels.ts";

/** What the handler needs to know of a ring at the moment of a request. */
export interface AdmissionRing {
  readonly ring: ControllerRing;
  readonly view: Pick<RingView, "shardFor" | "statusOf">;
  /**
   * Does the ring select this namespace ("" is that of cluster-scoped objects, and always selected)? Undefined when the
   * namespace was not seen yet.
   */
  selects(namespace: string): boolean | undefined;
}

/** Finds a ring by name; undefined when there is none, or nothing is known yet. */
export type RingLookup = (ring: string) => AdmissionRing | undefined;

/**
 * Is this the kind of a main resource of the ring that lies in no namespace? Undefined when that is not known (yet).
 */
export type OwnerScopes = (ring: ControllerRing, owner: GroupKind) => boolean | undefined;

/** An object was given to a shard. */
export interface Assignment extends GroupResource {
  readonly ring: string;
}

/** What became of a review, for those who count. All of them allow the request. */
export type ReviewOutcome =
  /** The object was given to a shard. */
  | "assigned"
  /** An update took the object from its shard without a drain, and was corrected. */
  | "restored"
  | "already_assigned"
  /** The ring does not shard the resource or namespace, or is being deleted. */
  | "out_of_scope"
  /** Nothing to assign: another operation, a subresource, an object without readable key or without owner. */
  | "ignored"
  | "no_shard"
  /** Left to the sharder, which looks where the object's controller is: a paused ring may keep that anywhere. */
  | "deferred"
  | "unknown_ring"
  /** A mistake of ours. */
  | "error";

/** What to answer to a review. */
export type Verdict =
  | {
    readonly type: "answer";
    readonly outcome: ReviewOutcome;
    /** The AdmissionReview with the response, as JSON. It always allows the request. */
    readonly body: string;
    /** Set when the patch assigns the object and the request is no dry run. */
    readonly assignment?: Assignment;
    /** What went wrong inside, to be logged: a bug. */
    readonly error?: unknown;
    /** The request's id, where there is an error: the API server's audit log has it too. */
    readonly uid?: string;
  }
  /** Not an AdmissionReview: there is no uid to answer to. */
  | { readonly type: "malformed"; readonly problem: string };

type Decision =
  | { readonly type: "pass"; readonly outcome: ReviewOutcome; readonly reason: string }
  | {
    readonly type: "assign";
    readonly outcome: ReviewOutcome;
    readonly patch: readonly AddOperation[];
  };

/**
 * Answers an AdmissionReview for a ring: gives the object to its shard by a patch, or lets it pass as it is. Pure but
 * for `random`, and never throws.
 *
 * A mistake here must not harm the user's request, as `failurePolicy: Ignore` does not cover answers: whatever is unknown,
 * odd or fails inside, the answer allows the request, and its patch is one that the API server can apply and validate.
 * What is not assigned here is assigned by the sharder's next pass.
 * @param isClusterScoped by default no owner is: namespaced children have the keys of the reference.
 */
export function handleReview(
  body: unknown,
  ring: string,
  lookup: RingLookup,
  random: Random,
  isClusterScoped: OwnerScopes = () => false,
): Verdict {
  const decoded = decodeReview(body);
  if (decoded.type === "malformed") return decoded;
  const { envelope, request } = decoded;
  try {
    const decision = decide(request, ring, lookup, random, isClusterScoped);
    const { outcome } = decision;
    if (decision.type === "pass") {
      return { type: "answer", outcome, body: encodePass(envelope, request.uid, decision.reason) };
    }
    const answer = encodePatch(envelope, request.uid, decision.patch);
    if (request.dryRun || request.resource === undefined) return { type: "answer", outcome, body: answer };
    const { group, resource } = request.resource;
    return { type: "answer", outcome, body: answer, assignment: { ring, group, resource } };
  } catch (error) {
    const body = encodePass(envelope, request.uid, "internal error, not assigned");
    return { type: "answer", outcome: "error", body, error, uid: request.uid };
  }
}

function decide(
  request: AdmissionRequest,
  ringName: string,
  lookup: RingLookup,
  random: Random,
  isClusterScoped: OwnerScopes,
): Decision {
  const { operation, resource, subresource, object } = request;
  if (operation !== "CREATE" && operation !== "UPDATE") return pass("only created and updated objects are assigned");
  if (subresource) return pass("subresources are not assigned");
  if (resource === undefined) return pass("the request names no resource");
  const metadata = object?.["metadata"];
  if (object === undefined || !isMetadata(metadata)) return pass("the object has no readable metadata");
  const { labels } = metadata;
  if (!isLabels(labels)) return pass("the object's labels are no map");
  const assigned = labels?.[shardLabel(ringName)];
  if (assigned !== undefined && assigned !== "") return pass("object is already assigned", "already_assigned");

  const found = lookup(ringName);
  if (found === undefined) return pass("the ring is not known here (yet)", "unknown_ring");
  if (found.ring.metadata.deletionTimestamp !== undefined) return pass("the ring is being deleted", "out_of_scope");
  // The CRD sees to it; but a label that is none would have the API server refuse the object.
  if (!isShardName(ringName)) return pass("the ring's name cannot be part of a label");
  const role = roleOf(found.ring, resource);
  if (role === undefined) return pass("the ring does not shard this resource", "out_of_scope");
  // The webhook configuration that selects namespaces may be older than what we know.
  if (found.selects(request.namespace) === false) {
    return pass("the ring does not select this namespace", "out_of_scope");
  }

  const lost = role === "main" ? lostLabels(request, metadata, found.view, ringName) : undefined;
  if (lost !== undefined) return { type: "assign", outcome: "restored", patch: labelling(labels, lost) };

  const named = nameFor(role, operation, metadata, random);
  const key = role === "controlled"
    ? controlledKey(metadata, (owner) => isClusterScoped(found.ring, owner))
    : keyOf(object, named?.metadata ?? metadata);
  switch (key.type) {
    case "problem":
      return pass(key.problem);
    case "none":
      return pass("object should not be assigned");
    case "key": {
      if (role === "controlled" && brakesOf(found.ring).paused) {
        return pass("the ring is paused, the sharder will look for the object's controller", "deferred");
      }
      const shard = found.view.shardFor(key.key);
      if (shard === undefined) return pass("there is no available shard", "no_shard");
      const patch = [
        ...named === undefined ? [] : [named.patch],
        ...labelling(labels, { [shardLabel(ringName)]: shard }),
      ];
      return { type: "assign", outcome: "assigned", patch };
    }
  }
}

/**
 * A main object without a name gets one already here, as its shard depends on it. Objects that follow their controller
 * do not need one.
 */
function nameFor(
  role: Role,
  operation: "CREATE" | "UPDATE",
  metadata: KeyMetadata,
  random: Random,
): { readonly metadata: KeyMetadata; readonly patch: AddOperation } | undefined {
  if (role === "controlled" || operation === "UPDATE") return undefined;
  const name = finalName(metadata, random);
  if (name === undefined) return undefined;
  return { metadata: { ...metadata, name }, patch: { op: "add", path: pointer("metadata", "name"), value: name } };
}

function keyOf(object: JsonObject, metadata: KeyMetadata): HashKey {
  const { apiVersion, kind } = object;
  const group = typeof apiVersion === "string" ? groupOf(apiVersion) : undefined;
  if (group === undefined || typeof kind !== "string") {
    return { type: "problem", problem: "the object has no readable apiVersion and kind" };
  }
  return mainKey({ group, kind }, metadata);
}

const labelsPath = pointer("metadata", "labels");

/** A single operation for a single label, whether or not there are labels already: a long answer costs more (see `app.ts`). */
function labelling(
  labels: JsonObject | null | undefined,
  added: Readonly<Record<string, string>>,
): readonly AddOperation[] {
  if (labels === undefined || labels === null) {
    return [{ op: "add", path: labelsPath, value: added }];
  }
  return Object.entries(added).map(([label, value]) => ({
    op: "add",
    path: pointer("metadata", "labels", label),
    value,
  }));
}

function pass(reason: string, outcome: ReviewOutcome = "ignored"): Decision {
  return { type: "pass", outcome, reason };
}
