import assert from "node:assert/strict";
import { OwnerLookup } from "../../../../controllers/sharder/families/owner_lookup.ts";
import { ApiServer } from "../../../../lib/apiserver/mod.ts";
import { namespaces } from "../../../../lib/k8s/kinds/core.ts";
import type { PartialObjectMetadata } from "../../../../lib/k8s/types.ts";
import { VirtualClock } from "../../../../lib/util/clock/mod.ts";
import { seededRandom } from "../../../../lib/util/random.ts";
import { configMapsOn, secretsOn, targetOf } from "../targets.ts";

/** A ring of Secrets, which lie in namespaces, and of Namespaces, which do not. */
function lookup(likeReference?: boolean): OwnerLookup {
  using server = new ApiServer({ clock: new VirtualClock(), random: seededRandom(1) });
  const client = server.client();
  const targets = [secretsOn(client), targetOf(client, "main", namespaces), configMapsOn(client)];
  return new OwnerLookup(targets, likeReference);
}

function childOf(kind: string, namespace?: string): PartialObjectMetadata {
  const ownerReferences = [{ apiVersion: "v1", kind, name: "foo", uid: "1", controller: true }];
  const metadata = { name: "child", ownerReferences, ...(namespace === undefined ? {} : { namespace }) };
  return { apiVersion: "v1", kind: "ConfigMap", metadata };
}

const core = (kind: string): { readonly group: string; readonly kind: string } => ({ group: "", kind });

Deno.test("OwnerLookup finds owners in the namespace of the child, or in none", () => {
  const owners = lookup();
  assert.equal(owners.parentOf(childOf("Secret", "bar"))?.key, "/Secret/bar/foo");
  assert.equal(owners.parentOf(childOf("Namespace", "bar"))?.key, "/Namespace//foo");
  assert.equal(owners.parentOf(childOf("Namespace"))?.key, "/Namespace//foo");
  assert.equal(owners.parentOf(childOf("ConfigMap", "bar")), undefined);
  const scoped = ["Secret", "Namespace", "ConfigMap"].map((kind) => owners.isClusterScoped(core(kind)));
  assert.deepEqual(scoped, [false, true, false]);
});

Deno.test("OwnerLookup does not bring children to cluster-scoped owners while the reference's keys are wanted", () => {
  const owners = lookup(true);
  assert.equal(owners.parentOf(childOf("Secret", "bar"))?.key, "/Secret/bar/foo");
  assert.equal(owners.parentOf(childOf("Namespace", "bar")), undefined);
  // These have the same key with both.
  assert.equal(owners.parentOf(childOf("Namespace"))?.key, "/Namespace//foo");
  assert.equal(owners.isClusterScoped(core("Namespace")), false);
});
