import type { JsonObject } from "../../webhook/admission_review.ts";
import type { AdmissionRing } from "../../webhook/handler.ts";
import type { ControllerRing } from "../../lib/sharding/ring_types.ts";
import { RingView } from "../../lib/sharding/ring_view.ts";

/** The shard label of the ring "example". */
export const label = "shard.alpha.sharding.timebertt.dev/example";

/** The drain label of the ring "example". */
export const drain = "drain.alpha.sharding.timebertt.dev/example";

/** A ring "example" of Secrets and their ConfigMaps, with the ready shards a, b and c, and what a test changes. */
export function exampleRing(changes: Partial<AdmissionRing> & { readonly metadata?: object } = {}): AdmissionRing {
  const ring: ControllerRing = {
    apiVersion: "sharding.timebertt.dev/v1alpha1",
    kind: "ControllerRing",
    metadata: { name: "example", ...changes.metadata },
    spec: {
      resources: [{ group: "", resource: "secrets", controlledResources: [{ group: "", resource: "configmaps" }] }],
    },
  };
  return { ring, view: viewOf("shard-a", "shard-b", "shard-c"), selects: () => true, ...changes };
}

/** A view of ready shards. */
export function viewOf(...shards: readonly string[]): RingView {
  const judgement = { state: "ready", holder: "shard", held: false, proven: false } as const;
  return new RingView("example", shards.map((name) => ({ name, namespace: "default", judgement })));
}

/** A review of the creation of the Secret default/foo, as the API server sends it, and what a test changes. */
export function review(request: JsonObject = {}): JsonObject {
  return {
    kind: "AdmissionReview",
    apiVersion: "admission.k8s.io/v1",
    request: {
      uid: "705ab4f5-6393-11e8-b7cc-42010a800002",
      kind: { group: "", version: "v1", kind: "Secret" },
      resource: { group: "", version: "v1", resource: "secrets" },
      requestKind: { group: "", version: "v1", kind: "Secret" },
      requestResource: { group: "", version: "v1", resource: "secrets" },
      name: "foo",
      namespace: "default",
      operation: "CREATE",
      userInfo: { username: "kubernetes-admin", groups: ["kubeadm:cluster-admins", "system:authenticated"] },
      object: secret({ name: "foo", namespace: "default" }),
      oldObject: null,
      dryRun: false,
      options: { kind: "CreateOptions", apiVersion: "meta.k8s.io/v1", fieldManager: "kubectl-create" },
      ...request,
    },
  };
}

/** A Secret with this metadata. */
export function secret(metadata: unknown): JsonObject {
  return { kind: "Secret", apiVersion: "v1", metadata, data: { password: "c2VjcmV0" }, type: "Opaque" };
}
