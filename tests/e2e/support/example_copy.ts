import { readManifests } from "../../../commands/demo/cluster/manifests.ts";
import type { JSONObject, JSONValue } from "../../../lib/k8s/contract.ts";
import { isJsonObject } from "../../../lib/k8s/errors.ts";

const example = new URL("../../../deploy/examples/checksum-controller/", import.meta.url);

/** What can be told of a copy. */
export interface CopyOptions {
  /** Namespace of the copy, and name of its ring. */
  readonly name: string;
  readonly replicas: number;
}

/**
 * The example's ring, and its Deployment with ServiceAccount, Role and RoleBinding, for a namespace of their own. Its
 * ClusterRole is for the sharder, and does for all copies.
 */
export async function copyExample({ name, replicas }: CopyOptions): Promise<readonly JSONObject[]> {
  const objects = await readManifests(example);
  const copies = objects.map((object): JSONObject | undefined => {
    const metadata = { ...part(object, "metadata"), namespace: name };
    switch (object["kind"]) {
      case "ControllerRing": {
        const namespaceSelector = { matchLabels: { "kubernetes.io/metadata.name": name } };
        return { ...object, metadata: { name }, spec: { ...part(object, "spec"), namespaceSelector } };
      }
      case "Deployment":
        return { ...object, metadata, spec: { ...withArguments(part(object, "spec"), name), replicas } };
      case "RoleBinding":
        return {
          ...object,
          metadata,
          subjects: list(object, "subjects").map((subject) =>
            isJsonObject(subject) ? { ...subject, namespace: name } : subject
          ),
        };
      case "Role":
      case "ServiceAccount":
        return { ...object, metadata };
      default:
        return undefined;
    }
  });
  const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name } };
  return [namespace, ...copies.filter((object) => object !== undefined)];
}

/** A Deployment's spec, with containers that work in this namespace for the ring of this name. */
function withArguments(spec: JSONObject, name: string): JSONObject {
  const template = part(spec, "template");
  const podSpec = part(template, "spec");
  const containers = list(podSpec, "containers").map((container) =>
    isJsonObject(container)
      ? { ...container, args: [...list(container, "args"), `--controllerring=${name}`, `--namespace=${name}`] }
      : container
  );
  return { ...spec, template: { ...template, spec: { ...podSpec, containers } } };
}

function part(object: JSONObject, key: string): JSONObject {
  const value = object[key];
  return isJsonObject(value) ? value : {};
}

function list(object: JSONObject, key: string): readonly JSONValue[] {
  const value = object[key];
  return Array.isArray(value) ? value : [];
}
