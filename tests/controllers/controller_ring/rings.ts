import type { ControllerRing } from "../../../lib/sharding/ring_types.ts";

/** A ring for Secrets with their ConfigMaps, as the API server returns it. */
export function ringOf(fields: Partial<ControllerRing> = {}): ControllerRing {
  return {
    apiVersion: "sharding.timebertt.dev/v1alpha1",
    kind: "ControllerRing",
    metadata: { name: "ring", uid: "ring-uid", generation: 3, resourceVersion: "7" },
    spec: {
      resources: [{ group: "", resource: "secrets", controlledResources: [{ group: "", resource: "configmaps" }] }],
    },
    ...fields,
  };
}
