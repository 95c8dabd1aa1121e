import type { JSONObject } from "../../k8s/contract.ts";
import { seededRandom } from "../../util/random.ts";
import { type Context, timestamp } from "../context.ts";
import { objectAt, objectsAt, stringAt } from "../json.ts";
import { randomUid } from "../uid.ts";
import { aggregatedRules } from "./aggregation.ts";
import document from "./bootstrap.json" with { type: "json" };
import { rbacGroup } from "./rbac_authorizer.ts";

/**
 * Stores the roles and bindings that every cluster has for its users, as tests/lib/apiserver/record_rbac.ts recorded
 * them of the real server: without those of components that do not run here. They come as they are stored, as every
 * start has to wait for them, and have the same uids in every server, so that they use up none of its randomness.
 */
export function storeBootstrapRoles({ store, clock }: Pick<Context, "store" | "clock">): void {
  const random = seededRandom(0);
  const creationTimestamp = timestamp(clock);
  for (const object of bootstrapObjects()) {
    const { kind, apiVersion, metadata: _, ...rest } = object;
    const given = objectAt(object, "metadata");
    const managedFields = objectsAt(given, "managedFields").map((owner) => ({ ...owner, time: creationTimestamp }));
    const metadata = { ...given, uid: randomUid(random), creationTimestamp, managedFields };
    const collection = store.collection(`${rbacGroup}/${isRole(object) ? "clusterroles" : "clusterrolebindings"}`);
    store.put(collection, { kind, apiVersion, metadata, ...rest }, undefined);
  }
}

let objects: readonly JSONObject[] | undefined;

/** The roles and bindings; what is written down, not to be changed. */
export function bootstrapObjects(): readonly JSONObject[] {
  // Aggregating them takes a quarter of the start of a server.
  return objects ??= aggregate();
}

function aggregate(): readonly JSONObject[] {
  const recorded: readonly JSONObject[] = document.items;
  const objects = new Map(recorded.map((object) => [keyOf(object), object]));
  // Each is aggregated from those before it, and from those whose rules are written down.
  for (const name of ["view", "edit", "admin"]) {
    const role = objects.get(`ClusterRole/${name}`);
    if (role === undefined) continue;
    const sources = [...objects.values()].filter((each) => each !== role && isRole(each));
    objects.set(keyOf(role), { ...role, rules: [...aggregatedRules(role, sources) ?? []] });
  }
  return [...objects.values()];
}

function keyOf(object: JSONObject): string {
  return `${stringAt(object, "kind")}/${stringAt(objectAt(object, "metadata"), "name")}`;
}

function isRole(object: JSONObject): boolean {
  return object["kind"] === "ClusterRole";
}
