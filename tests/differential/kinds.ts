/** Kinds that the sequences use. */
export const kinds = {
  configmaps: { root: "/api/v1", plural: "configmaps", apiVersion: "v1", kind: "ConfigMap", namespaced: true },
  secrets: { root: "/api/v1", plural: "secrets", apiVersion: "v1", kind: "Secret", namespaced: true },
  leases: {
    root: "/apis/coordination.k8s.io/v1",
    plural: "leases",
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    namespaced: true,
  },
  rings: {
    root: "/apis/sharding.timebertt.dev/v1alpha1",
    plural: "controllerrings",
    apiVersion: "sharding.timebertt.dev/v1alpha1",
    kind: "ControllerRing",
    namespaced: false,
  },
  namespaces: { root: "/api/v1", plural: "namespaces", apiVersion: "v1", kind: "Namespace", namespaced: false },
  hooks: {
    root: "/apis/admissionregistration.k8s.io/v1",
    plural: "mutatingwebhookconfigurations",
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "MutatingWebhookConfiguration",
    namespaced: false,
  },
} as const;

/** Name of a kind in the sequences. */
export type KindName = keyof typeof kinds;
