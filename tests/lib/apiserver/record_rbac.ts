/**
 * Records the roles and bindings that the real API server makes for its users: `deno run -A
 * tests/lib/apiserver/record_rbac.ts`. To be run again when tests/controlplane moves to another release.
 *
 * @module
 */
import { isJsonObject } from "../../../lib/k8s/errors.ts";
import type { JSONObject, JSONValue } from "../../../lib/k8s/contract.ts";
import { objectAt, objectsAt, stringAt } from "../../../lib/apiserver/json.ts";
import { type ControlPlane, startControlPlane } from "../../controlplane/control_plane.ts";

/** Where it goes. */
export const recorded: URL = new URL("../../../lib/apiserver/rbac/bootstrap.json", import.meta.url);

/** Those of components that do not run here are left out. */
const wanted = new RegExp(
  "^(admin|cluster-admin|edit|view|" +
    "system:(aggregate-to-.*|auth-delegator|basic-user|discovery|monitoring|public-info-viewer|" +
    "service-account-issuer-discovery))$",
);

async function record(controlPlane: ControlPlane): Promise<readonly JSONObject[]> {
  const { stdout } = await controlPlane.kubectl([
    "get",
    "clusterroles,clusterrolebindings",
    "-o",
    "json",
    "--show-managed-fields",
  ]);
  const list: JSONValue = JSON.parse(stdout);
  if (!isJsonObject(list)) throw new TypeError("kubectl printed no list");
  return objectsAt(list, "items").filter((item) => wanted.test(stringAt(objectAt(item, "metadata"), "name")))
    .map(essential);
}

/** What does not differ from one cluster to the next. Rules that are aggregated follow from the others. */
function essential(object: JSONObject): JSONObject {
  const given = objectAt(object, "metadata");
  const { name, labels, annotations } = given;
  const managedFields = objectsAt(given, "managedFields").map(({ time: _, ...owner }) => owner);
  const { metadata: _, rules, ...rest } = object;
  const metadata: JSONObject = { name, ...(labels && { labels }), ...(annotations && { annotations }), managedFields };
  return { ...rest, metadata, ...(object["aggregationRule"] !== undefined || rules === undefined ? {} : { rules }) };
}

if (import.meta.main) {
  await using controlPlane = await startControlPlane();
  await Deno.writeTextFile(recorded, `${JSON.stringify({ items: await record(controlPlane) }, null, 2)}\n`);
}
