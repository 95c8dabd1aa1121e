import assert from "node:assert/strict";
import { parse } from "yaml";
import { clusterOf } from "../../commands/common/system_parts.ts";
import type { JSONObject, JSONValue } from "../../lib/k8s/contract.ts";
import { isInvalid, isJsonObject, isNotFound } from "../../lib/k8s/errors.ts";
import { denoHost, loadClusterAccess } from "../../lib/k8s/kubeconfig/mod.ts";
import { systemClock } from "../../lib/util/clock/mod.ts";
import { systemRandom } from "../../lib/util/random.ts";
import { binariesAvailable } from "../controlplane/assets.ts";
import { startControlPlane } from "../controlplane/control_plane.ts";
import { eventually } from "../controlplane/processes.ts";
import { send } from "../lib/apiserver/fixture.ts";

const file = new URL("../../deploy/crds/sharding.timebertt.dev_controllerrings.yaml", import.meta.url);
const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const rings = "/apis/sharding.timebertt.dev/v1alpha1/controllerrings";
const merge = { contentType: "application/merge-patch+json" };

const secrets = { group: "", resource: "secrets" };
const configMaps = { group: "", resource: "configmaps" };
const twoWays = [configMaps, { ...secrets, controlledResources: [configMaps] }];

function ring(name: string, resources: JSONValue): JSONObject {
  return {
    apiVersion: "sharding.timebertt.dev/v1alpha1",
    kind: "ControllerRing",
    metadata: { name },
    spec: { resources },
  };
}

function objectIn(text: string): JSONObject {
  const value: JSONValue = JSON.parse(text);
  return isJsonObject(value) ? value : assert.fail("it is an object");
}

const ignore = !binariesAvailable();

Deno.test("on a real API server a ring that is older than the rules can be changed otherwise", { ignore }, async () => {
  await using controlPlane = await startControlPlane();
  const flags = { kubeconfig: controlPlane.kubeconfig };
  const access = await loadClusterAccess({ host: denoHost, clock: systemClock, flags });
  using client = clusterOf(access, systemClock, systemRandom).open({ userAgent: "test" });
  const strict = JSON.stringify(parse(await Deno.readTextFile(file)));
  const lax = JSON.stringify(
    objectIn(strict),
    (key, value) => ["maxItems", "x-kubernetes-validations"].includes(key) ? undefined : value,
  );
  await send(client, "POST", definitions, objectIn(lax));
  const isTaken = (name: string) => async (): Promise<boolean> => {
    try {
      await send(client, "POST", rings, ring(name, twoWays));
      return true;
    } catch (error) {
      // Before the definition takes effect it is not found.
      if (isInvalid(error) || isNotFound(error)) return false;
      throw error;
    }
  };
  await eventually("the ring is stored", isTaken("old"));
  const { spec = {} } = objectIn(strict);
  await send(client, "PATCH", `${definitions}/controllerrings.sharding.timebertt.dev`, { spec }, merge);
  let count = 0;
  await eventually("the rules hold", async () => !await isTaken(`probe-${count++}`)());

  const change = (patch: JSONObject, path = "old"): Promise<unknown> =>
    send(client, "PATCH", `${rings}/${path}`, patch, merge);
  await change({ metadata: { annotations: { a: "b" }, finalizers: ["example.com/finalizer"] } });
  await change({ spec: { namespaceSelector: { matchLabels: { a: "b" } } } });
  await change({ status: { shards: 1, availableShards: 1 } }, "old/status");
  const worse = { spec: { resources: [...twoWays, { group: "apps", resource: "deployments" }] } };
  await assert.rejects(change(worse), (error) => isInvalid(error) && /at once/.test(error.message));
  await change({ spec: { resources: [secrets] } });
  await assert.rejects(change({ spec: { resources: twoWays } }), isInvalid);
});
