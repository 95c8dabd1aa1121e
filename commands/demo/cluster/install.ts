import { stringify } from "yaml";
import type { JSONObject, JSONValue, RestClient } from "../../../lib/k8s/contract.ts";
import { isJsonObject } from "../../../lib/k8s/errors.ts";
import { pathOf } from "../../../lib/k8s/api/resource.ts";
import { systemNamespace } from "../../../lib/sharding/names.ts";
import { controllerRings } from "../../../lib/sharding/ring_types.ts";
import { type Clock, deadline, sleep } from "../../../lib/util/clock/mod.ts";
import { applyObject, deleteObject, findObject, locate, type Located } from "./apply.ts";
import { readManifests } from "./manifests.ts";

const deploy = new URL("../../../deploy/", import.meta.url);

/** How the API server reaches the sharder's webhook. */
export type WebhookWay =
  /** By its service. */
  | { readonly type: "service" }
  /** By a port of this machine. */
  | { readonly type: "url"; readonly url: string };

/** What {@link install} works with. */
export interface InstallOptions {
  readonly client: RestClient;
  readonly clock: Clock;
  readonly webhook: WebhookWay;
  /** Changes an object before it is written; undefined leaves it out. */
  readonly adapt: (object: JSONObject) => JSONObject | undefined;
  /** Is told of each object that was written, in this order. */
  readonly onApplied: (object: Located) => void;
}

/** So long a server may take to serve a new kind. */
const definitionTimeout = 15_000;

/**
 * Applies what is in `deploy/`, as a person would. Where the API server cannot reach services, the sharder's configuration
 * names a URL.
 * @throws ManifestError, ApiError, ConnectionError, DeadlineError
 */
export async function install(options: InstallOptions, signal: AbortSignal): Promise<void> {
  const { client, webhook, adapt, onApplied } = options;
  const apply = async (objects: readonly JSONObject[]): Promise<void> => {
    for (const object of objects.map(adapt)) {
      if (object === undefined) continue;
      await applyObject(client, object, signal);
      onApplied(locate(object));
    }
  };
  await apply(await readManifests(new URL("crds/", deploy)));
  await waitUntilServed(options, signal);
  const sharder = await readManifests(new URL("sharder/", deploy));
  await apply(sharder.map((object) => webhook.type === "url" && isSharderConfig(object) ? configFor(webhook) : object));
  await apply(await readManifests(new URL("examples/checksum-controller/", deploy)));
}

/** Takes away what {@link install} has applied, the last first. */
export async function uninstall(client: RestClient, applied: readonly Located[], signal: AbortSignal): Promise<void> {
  for (const { path } of applied.toReversed()) await deleteObject(client, path, signal);
}

/** A CustomResourceDefinition takes effect some time after it was written. */
async function waitUntilServed({ client, clock }: InstallOptions, signal: AbortSignal): Promise<void> {
  using limit = deadline(clock, definitionTimeout, "the definition of ControllerRings", signal);
  while (await findObject(client, pathOf(controllerRings), limit.signal) === undefined) {
    await sleep(clock, 100, limit.signal);
  }
}

function isSharderConfig(object: JSONObject): boolean {
  const { kind, name } = locate(object);
  return kind === "ConfigMap" && name === "sharder-config";
}

function configFor({ url }: Extract<WebhookWay, { readonly type: "url" }>): JSONObject {
  const config: JSONValue = {
    apiVersion: "config.sharding.timebertt.dev/v1alpha1",
    kind: "SharderConfig",
    webhook: { config: { clientConfig: { url } } },
  };
  const metadata = { name: "sharder-config", namespace: systemNamespace };
  return { apiVersion: "v1", kind: "ConfigMap", metadata, data: { "config.yaml": stringify(config) } };
}

/** The object with its pod template bound to a node, if it is a Deployment: no scheduler is asked then. */
export function boundTo(object: JSONObject, node: string): JSONObject {
  const { kind, spec } = object;
  if (kind !== "Deployment" || !isJsonObject(spec)) return object;
  const template = isJsonObject(spec["template"]) ? spec["template"] : {};
  const podSpec = isJsonObject(template["spec"]) ? template["spec"] : {};
  return { ...object, spec: { ...spec, template: { ...template, spec: { ...podSpec, nodeName: node } } } };
}
