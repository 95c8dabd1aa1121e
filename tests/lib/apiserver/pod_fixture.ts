import { isAny, type Resource } from "../../../lib/k8s/api/resource.ts";
import type { JSONObject } from "../../../lib/k8s/contract.ts";
import type { KubeObject } from "../../../lib/k8s/types.ts";
import { type Fixture, send } from "./fixture.ts";

/** Pods, as far as the tests look. */
export const pods: Resource<KubeObject & { spec?: JSONObject; status?: JSONObject }> = {
  group: "",
  version: "v1",
  plural: "pods",
  kind: "Pod",
  namespaced: true,
  is: isAny,
};

/** Path of the pods in namespace default. */
export const podsPath = "/api/v1/namespaces/default/pods";

/** Containers of a pod that needs nothing special. */
export const containers: readonly JSONObject[] = [{ name: "c", image: "i" }];

/** Creates a pod in namespace default. */
export async function createPod(
  fixture: Fixture,
  name: string,
  spec: JSONObject = {},
  metadata: JSONObject = {},
): Promise<void> {
  await send(fixture.client, "POST", podsPath, {
    metadata: { name, ...metadata },
    spec: { containers: [...containers], ...spec },
  });
}
