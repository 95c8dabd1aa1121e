import { parseAllDocuments } from "yaml";
import { type JSONObject, type JSONValue, type RestClient } from "../../lib/k8s/contract.ts";
import { isAlreadyExists, isJsonObject } from "../../lib/k8s/errors.ts";

const deploy = new URL("../../deploy/", import.meta.url);

const parsed = new Map<string, Promise<readonly JSONObject[]>>();

/** The objects in a manifest of deploy/. Each is read once; nobody changes them. */
export function manifest(path: string): Promise<readonly JSONObject[]> {
  let objects = parsed.get(path);
  if (objects === undefined) {
    objects = read(path);
    parsed.set(path, objects);
  }
  return objects;
}

async function read(path: string): Promise<JSONObject[]> {
  const documents = parseAllDocuments(await Deno.readTextFile(new URL(path, deploy)));
  return documents.flatMap((document) => {
    const value: JSONValue = document.toJS();
    return isJsonObject(value) ? [value] : [];
  });
}

/** The collections of the kinds that the manifests have. */
const collections: Readonly<Record<string, string>> = {
  Namespace: "namespaces",
  CustomResourceDefinition: "customresourcedefinitions",
  ServiceAccount: "serviceaccounts",
  Role: "roles",
  RoleBinding: "rolebindings",
  ClusterRole: "clusterroles",
  ClusterRoleBinding: "clusterrolebindings",
  ControllerRing: "controllerrings",
};

/** Creates an object unless it exists. */
export async function create(client: RestClient, object: JSONObject): Promise<void> {
  const { apiVersion, kind, metadata } = object;
  const plural = collections[String(kind)];
  if (plural === undefined) throw new Error(`the tests do not know the collection of ${kind}`);
  const namespace = isJsonObject(metadata) ? metadata["namespace"] : undefined;
  const root = apiVersion === "v1" ? "/api/v1" : `/apis/${apiVersion}`;
  const path = typeof namespace === "string" ? `${root}/namespaces/${namespace}/${plural}` : `${root}/${plural}`;
  try {
    await client.performRequest({ method: "POST", path, bodyJson: object, expectJson: true });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}
