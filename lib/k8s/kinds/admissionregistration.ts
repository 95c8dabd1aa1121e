import type { Resource } from "../api/resource.ts";
import type { KubeObject, MutatingWebhookConfiguration } from "../types.ts";

/** MutatingWebhookConfigurations of `admissionregistration.k8s.io/v1`. */
export const mutatingWebhookConfigurations: Resource<MutatingWebhookConfiguration> = {
  group: "admissionregistration.k8s.io",
  version: "v1",
  plural: "mutatingwebhookconfigurations",
  kind: "MutatingWebhookConfiguration",
  namespaced: false,
  is: (object: KubeObject & { webhooks?: unknown }): object is MutatingWebhookConfiguration =>
    object.webhooks === undefined || Array.isArray(object.webhooks),
};
