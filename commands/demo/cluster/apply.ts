import { pathOf, type Resource } from "../../../lib/k8s/api/resource.ts";
import type { JSONObject, JSONValue, RestClient } from "../../../lib/k8s/contract.ts";
import { isConflict, isJsonObject, isNotFound } from "../../../lib/k8s/errors.ts";
import type { KubeObject } from "../../../lib/k8s/types.ts";
import { ManifestError } from "./manifests.ts";

/** Owner of the fields that the demo writes. */
export const fieldManager = "demo";

/** Where the objects of a kind are. Names of collections are not to be guessed from those of kinds. */
const collections: Readonly<Record<string, string>> = {
  ClusterRole: "clusterroles",
  ClusterRoleBinding: "clusterrolebindings",
  ConfigMap: "configmaps",
  ControllerRing: "controllerrings",
  CustomResourceDefinition: "customresourcedefinitions",
  Deployment: "deployments",
  FlowSchema: "flowschemas",
  Namespace: "namespaces",
  PodDisruptionBudget: "poddisruptionbudgets",
  Role: "roles",
  RoleBinding: "rolebindings",
  Secret: "secrets",
  Service: "services",
  ServiceAccount: "serviceaccounts",
};

/** An object of a manifest and where it is on the server. */
export interface Located {
  readonly path: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string | undefined;
}

/** Where an object of a manifest is. @throws ManifestError when it has no kind, name or known collection. */
export function locate(object: JSONObject): Located {
  const { apiVersion, kind, metadata } = object;
  const { name, namespace } = isJsonObject(metadata) ? metadata : {};
  if (typeof apiVersion !== "string" || typeof kind !== "string" || typeof name !== "string") {
    throw new ManifestError("a manifest holds an object without apiVersion, kind or metadata.name");
  }
  const plural = Object.hasOwn(collections, kind) ? collections[kind] : undefined;
  if (plural === undefined) throw new ManifestError(`the demo does not know the collection of kind ${kind}`);
  const [group, version] = apiVersion.includes("/") ? apiVersion.split("/") : ["", apiVersion];
  const space = typeof namespace === "string" ? namespace : undefined;
  const resource: Pick<Resource<KubeObject>, "group" | "version" | "plural"> = {
    group: group ?? "",
    version: version ?? "",
    plural,
  };
  return { path: pathOf(resource, space, name), kind, name, namespace: space };
}

/** Server-side apply. @throws ApiError, ConnectionError */
export async function applyObject(client: RestClient, object: JSONObject, signal: AbortSignal): Promise<void> {
  await client.performRequest({
    method: "PATCH",
    path: locate(object).path,
    querystring: new URLSearchParams({ fieldManager, force: "true" }),
    contentType: "application/apply-patch+yaml",
    bodyJson: object,
    abortSignal: signal,
    expectJson: true,
  });
}

/** Does this object exist? @throws ApiError, ConnectionError */
export async function objectExists(client: RestClient, object: JSONObject, signal: AbortSignal): Promise<boolean> {
  return await findObject(client, locate(object).path, signal) !== undefined;
}

/** The object at a path; undefined when there is none. @throws ApiError, ConnectionError */
export async function findObject(
  client: RestClient,
  path: string,
  signal: AbortSignal,
): Promise<JSONValue | undefined> {
  try {
    return await client.performRequest({ method: "GET", path, abortSignal: signal, expectJson: true });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** Deletes an object, at once and with its dependents; nothing happens when it is not there. */
export async function deleteObject(client: RestClient, path: string, signal: AbortSignal): Promise<void> {
  try {
    await client.performRequest({
      method: "DELETE",
      path,
      bodyJson: { apiVersion: "v1", kind: "DeleteOptions", propagationPolicy: "Background" },
      abortSignal: signal,
      expectJson: true,
    });
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}
