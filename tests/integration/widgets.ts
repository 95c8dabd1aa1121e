import { isAny, type Resource } from "../../lib/k8s/api/resource.ts";
import type { KubeObject } from "../../lib/k8s/types.ts";
import type { World } from "./world.ts";

/** What the sharder needs for a resource that the manifests do not name. */
export const sharderVerbs = ["get", "list", "watch", "patch"];

/** Defines a custom resource with the subresources status and scale; its name is new on every stage. */
export async function define(world: World, scope: "Cluster" | "Namespaced"): Promise<Resource<KubeObject>> {
  const group = `${world.name}.example.com`;
  const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
  const subresources = {
    status: {},
    scale: { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.replicas" },
  };
  const crd = {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `widgets.${group}` },
    spec: {
      group,
      scope,
      names: { plural: "widgets", singular: "widget", kind: "Widget", listKind: "WidgetList" },
      versions: [{ name: "v1", served: true, storage: true, schema, subresources }],
    },
  };
  const path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  await world.admin.performRequest({ method: "POST", path, bodyJson: crd, expectJson: true });
  const widgets = {
    group,
    version: "v1",
    plural: "widgets",
    kind: "Widget",
    namespaced: scope === "Namespaced",
    is: isAny,
  };
  await world.eventually(
    "the resource is served",
    async () => await world.api(widgets).list().then(() => true, () => false),
  );
  await world.stage.grant(`widgets-${world.name}`, [{
    apiGroups: [group],
    resources: ["widgets"],
    verbs: sharderVerbs,
  }]);
  return widgets;
}
