import { parseAllDocuments } from "yaml";
import type { JSONObject, JSONValue, RestClient } from "../k8s/contract.ts";
import { isJsonObject } from "../k8s/errors.ts";

/** The objects in a manifest, which may have several documents. @throws Error when it is no YAML of objects */
export function readManifest(yaml: string): JSONObject[] {
  return parseAllDocuments(yaml).flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw new Error(`the manifest is no YAML: ${error.message}`, { cause: error });
    const value: JSONValue = document.toJS();
    if (value === null || value === undefined) return [];
    if (!isJsonObject(value)) throw new Error("a document of the manifest is no object");
    return [value];
  });
}

/** Applies objects in order, as `kubectl apply --server-side` does. @throws Error that names what cannot be applied */
export async function applyAll(client: RestClient, objects: readonly JSONObject[]): Promise<void> {
  for (const object of objects) {
    const { apiVersion, kind, metadata } = object;
    const { name, namespace = "default" } = isJsonObject(metadata) ? metadata : {};
    if (typeof apiVersion !== "string" || typeof kind !== "string" || typeof name !== "string") {
      throw new Error(`an object of the manifest lacks apiVersion, kind or metadata.name: ${JSON.stringify(object)}`);
    }
    const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const { plural, namespaced } = await collectionOf(client, root, kind);
    const scope = namespaced ? `/namespaces/${encodeURIComponent(String(namespace))}` : "";
    await client.performRequest({
      method: "PATCH",
      path: `${root}${scope}/${plural}/${encodeURIComponent(name)}`,
      querystring: new URLSearchParams({ fieldManager: "kubectl", force: "true" }),
      contentType: "application/apply-patch+yaml",
      bodyJson: object,
      expectJson: true,
    });
  }
}

/** Asked anew for each object, as those before it may have defined its kind. */
async function collectionOf(
  client: RestClient,
  root: string,
  kind: string,
): Promise<{ readonly plural: string; readonly namespaced: boolean }> {
  const document = await client.performRequest({ method: "GET", path: root, expectJson: true });
  const resources = isJsonObject(document) && Array.isArray(document["resources"]) ? document["resources"] : [];
  for (const resource of resources.filter(isJsonObject)) {
    const { name, namespaced } = resource;
    if (resource["kind"] === kind && typeof name === "string" && !name.includes("/")) {
      return { plural: name, namespaced: namespaced === true };
    }
  }
  throw new Error(`the API server has no kind ${kind} at ${root}: apply its CustomResourceDefinition first`);
}
