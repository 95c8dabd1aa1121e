import assert from "node:assert/strict";
import { carriesObjects } from "../../../controllers/sharder/carried_objects.ts";
import type { ResourceLookup } from "../../../controllers/sharder/targets.ts";
import { ApiServer } from "../../../lib/apiserver/mod.ts";
import { Api } from "../../../lib/k8s/api/api.ts";
import { isAny } from "../../../lib/k8s/api/resource.ts";
import { UnknownResourceError } from "../../../lib/k8s/discovery.ts";
import { ConnectionError } from "../../../lib/k8s/errors.ts";
import { configMaps, secrets } from "../../../lib/k8s/kinds/core.ts";
import { shardLabel } from "../../../lib/sharding/names.ts";
import { VirtualClock } from "../../../lib/util/clock/mod.ts";
import { seededRandom } from "../../../lib/util/random.ts";
import { snapshotOf } from "./snapshots.ts";

const client = new ApiServer({ clock: new VirtualClock(), random: seededRandom(1) }).client();
const labels = { [shardLabel("ring")]: "shard-a" };
await new Api(client, configMaps, { namespace: "default" }).create({ metadata: { name: "foo", labels } });
await new Api(client, secrets, { namespace: "kube-system" }).create({ metadata: { name: "bar", labels } });

/** What the API server serves, but for one resource. */
function without(missing: string, error: (resource: { group: string; resource: string }) => Error): ResourceLookup {
  return {
    resourceFor: (resource) => {
      if (resource.resource === missing) return Promise.reject(error(resource));
      return Promise.resolve({ ...(resource.resource === "secrets" ? secrets : configMaps), is: isAny });
    },
  };
}

function ask(lookup: ResourceLookup, shard = "shard-a"): Promise<boolean> {
  return carriesObjects(snapshotOf({}), shard, lookup, client, new AbortController().signal);
}

Deno.test("objects of a shard are found in the ring's resources and namespaces alone", async () => {
  const all = without("", () => new Error());
  assert.equal(await ask(all), true);
  assert.equal(await ask(all, "shard-b"), false);
  assert.equal(await ask(without("configmaps", (resource) => new UnknownResourceError(resource))), false);
});

Deno.test("nobody knows of objects whose resource cannot be looked up", async () => {
  await assert.rejects(ask(without("configmaps", () => new ConnectionError("cut"))), /cannot shard configmaps/);
});
