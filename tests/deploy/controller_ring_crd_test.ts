import assert from "node:assert/strict";
import { parse } from "yaml";
import type { JSONObject, JSONValue, RestClient } from "../../lib/k8s/contract.ts";
import { ApiError, isJsonObject } from "../../lib/k8s/errors.ts";
import { send, start } from "../lib/apiserver/fixture.ts";

const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const rings = "/apis/sharding.timebertt.dev/v1alpha1/controllerrings";
const file = new URL("../../deploy/crds/sharding.timebertt.dev_controllerrings.yaml", import.meta.url);
const merge = { contentType: "application/merge-patch+json" };

const secrets = { group: "", resource: "secrets" };
const configMaps = { group: "", resource: "configmaps" };
const both = [configMaps, { ...secrets, controlledResources: [configMaps] }];
const rule =
  "a resource is main and controlled at once: remove it either from spec.resources or from controlledResources";

function ring(resources: JSONValue): JSONObject {
  return {
    apiVersion: "sharding.timebertt.dev/v1alpha1",
    kind: "ControllerRing",
    metadata: { name: "ring" },
    spec: { resources },
  };
}

/** Our definition, as the file has it. */
async function definition(): Promise<JSONObject> {
  const [document] = [parse(await Deno.readTextFile(file))].filter(isJsonObject);
  return document ?? assert.fail("the file holds an object");
}

/** The definition of an earlier version, without rule and limits. */
async function laxDefinition(): Promise<JSONObject> {
  const lax = JSON.stringify(
    await definition(),
    (key, value) => ["maxItems", "x-kubernetes-validations"].includes(key) ? undefined : value,
  );
  const document: JSONValue = JSON.parse(lax);
  return isJsonObject(document) ? document : assert.fail();
}

/** What the API server refuses a ring for: fields and messages. */
async function refusalOf(client: RestClient, resources: JSONValue): Promise<string[]> {
  try {
    await send(client, "POST", rings, ring(resources));
    return [];
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    assert.equal(error.status.code, 422);
    return error.status.causes.map(({ field, message }) => `${field}: ${message}`);
  }
}

Deno.test("the definition refuses rings that list a resource twice, or as main and controlled", async () => {
  using fixture = start();
  const { client } = fixture;
  await send(client, "POST", definitions, await definition());
  // The words of a real API server (1.36).
  assert.deepEqual(await refusalOf(client, both), [`spec.resources: Invalid value: ${rule}`]);
  assert.deepEqual(await refusalOf(client, [{ ...secrets, controlledResources: [secrets] }]), [
    `spec.resources: Invalid value: ${rule}`,
  ]);
  assert.deepEqual(await refusalOf(client, [secrets, secrets]), [
    'spec.resources[1]: Duplicate value: {"group":"","resource":"secrets"}',
  ]);
  assert.deepEqual(await refusalOf(client, [{ ...secrets, controlledResources: [configMaps, configMaps] }]), [
    'spec.resources[0].controlledResources[1]: Duplicate value: {"group":"","resource":"configmaps"}',
  ]);
});

Deno.test("the definition takes rings whose main resources control the same resource", async () => {
  using fixture = start();
  await send(fixture.client, "POST", definitions, await definition());
  const deployments = { group: "apps", resource: "deployments", controlledResources: [configMaps] };
  assert.deepEqual(
    await refusalOf(fixture.client, [{ ...secrets, controlledResources: [configMaps] }, deployments]),
    [],
  );
});

Deno.test("a group makes another resource of the same name", async () => {
  using fixture = start();
  await send(fixture.client, "POST", definitions, await definition());
  const websites = { group: "webhosting.timebertt.dev", resource: "websites" };
  const others = { group: "example.com", resource: "websites" };
  assert.deepEqual(await refusalOf(fixture.client, [{ ...websites, controlledResources: [others] }]), []);
});

Deno.test("a ring that is older than the rules can be changed otherwise, and repaired", async () => {
  using fixture = start();
  const { client } = fixture;
  await send(client, "POST", definitions, await laxDefinition());
  const many = Array.from({ length: 310 }, (_, index) => ({ group: "example.com", resource: `r${index}` }));
  for (const resources of [both, many]) {
    await send(client, "POST", rings, ring(resources));
    const { spec = {} } = await definition();
    await send(client, "PATCH", `${definitions}/controllerrings.sharding.timebertt.dev`, { spec }, merge);
    await send(client, "PATCH", `${rings}/ring`, { metadata: { annotations: { a: "b" } } }, merge);
    await send(client, "PATCH", `${rings}/ring`, { spec: { namespaceSelector: {} } }, merge);
    await send(client, "PATCH", `${rings}/ring/status`, { status: { shards: 1, availableShards: 1 } }, merge);
    const worse = { spec: { resources: [...resources, { group: "apps", resource: "deployments" }] } };
    await assert.rejects(send(client, "PATCH", `${rings}/ring`, worse, merge), /at once|Too many/);
    await send(client, "PATCH", `${rings}/ring`, { spec: { resources: [secrets] } }, merge);
    await send(client, "DELETE", `${rings}/ring`);
    await send(client, "PATCH", `${definitions}/controllerrings.sharding.timebertt.dev`, {
      spec: (await laxDefinition())["spec"] ?? {},
    }, merge);
  }
});
