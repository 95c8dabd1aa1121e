import { apiVersionOf, type GroupResource } from "../../lib/k8s/api/resource.ts";
import type {
  Draft,
  LabelSelector,
  MutatingWebhookConfiguration,
  RuleWithOperations,
  WebhookClientConfig,
} from "../../lib/k8s/types.ts";
import {
  appName,
  appNameLabel,
  leaseRingLabel,
  shardLabel,
  systemNamespace,
  webhookConfigurationName,
  webhookName,
  webhookPath,
} from "../../lib/sharding/names.ts";
import { type ControllerRing, controllerRings, namespaceSelectorOf } from "../../lib/sharding/ring_types.ts";
import { injectsCaBundle } from "./ca_injection.ts";

/** What all rings' webhook configurations have in common. */
export interface WebhookSettings {
  /** How the API server reaches the sharder: by URL or service. The path is set per ring. */
  readonly clientConfig: WebhookClientConfig;
  /** Copied to each webhook configuration, for tools that inject a CA bundle. */
  readonly annotations: Readonly<Record<string, string>>;
  /** Namespaces of rings that select none themselves. */
  readonly namespaceSelector: LabelSelector;
  /** How long the API server waits for an answer before it goes on without one. */
  readonly timeoutSeconds: number;
}

/**
 * The webhook configuration of a ring: the API server calls the sharder for each created or changed object of the
 * ring's resources that has no shard label. On a change the selector also takes those that had none, as when we label
 * an object because the webhook does not answer: the condition keeps these writes from waiting for it in their turn.
 * @param caBundle whom API servers have to trust, where we issue the webhook's certificate ourselves.
 */
export function webhookConfiguration(
  ring: ControllerRing,
  settings: WebhookSettings,
  caBundle = settings.clientConfig.caBundle,
): Draft<MutatingWebhookConfiguration> {
  const name = ring.metadata.name;
  const clientConfig = clientConfigFor(settings.clientConfig, webhookPath(name));
  // Who injects it and we would take turns in writing it.
  const isOurs = caBundle !== undefined && !injectsCaBundle(settings.annotations);
  return {
    metadata: {
      name: webhookConfigurationName(name),
      labels: { [appNameLabel]: appName, [leaseRingLabel]: name },
      ...(Object.keys(settings.annotations).length > 0 ? { annotations: { ...settings.annotations } } : {}),
      ownerReferences: [{
        apiVersion: apiVersionOf(controllerRings),
        kind: controllerRings.kind,
        name,
        uid: ring.metadata.uid ?? "",
        controller: true,
        blockOwnerDeletion: true,
      }],
    },
    webhooks: [{
      name: webhookName,
      clientConfig: isOurs ? { ...clientConfig, caBundle } : clientConfig,
      rules: rulesOf(ring),
      objectSelector: { matchExpressions: [{ key: shardLabel(name), operator: "DoesNotExist" }] },
      namespaceSelector: namespaceSelectorOf(ring, settings.namespaceSelector),
      matchConditions: [{ name: "has-no-shard", expression: hasNoShard(shardLabel(name)) }],
      failurePolicy: "Ignore",
      timeoutSeconds: settings.timeoutSeconds,
      sideEffects: "None",
      admissionReviewVersions: ["v1"],
    }],
  };
}

/** A CEL expression: does the object, as it is to be, lack the label? An empty one counts for none, as in the protocol. */
function hasNoShard(label: string): string {
  return `!(has(object.metadata.labels) && '${label}' in object.metadata.labels && object.metadata.labels['${label}'] != '')`;
}

/** The client configuration with a ring's path; the sharder's own service where neither URL nor service is named. */
function clientConfigFor(config: WebhookClientConfig, path: string): WebhookClientConfig {
  const { url, service } = config;
  if (url !== undefined && url !== "") return { url: `${url.replace(/\/$/, "")}${path}` };
  const target = {
    ...service,
    namespace: service?.namespace || systemNamespace,
    name: service?.name || "sharder",
    path,
  };
  return { service: target };
}

/** One rule for each main resource, followed by those of its controlled resources, in the order of the spec. */
function rulesOf(ring: ControllerRing): RuleWithOperations[] {
  const resources = (ring.spec?.resources ?? []).flatMap((main) => [main, ...main.controlledResources ?? []]);
  return resources.map(ruleFor);
}

function ruleFor({ group, resource }: GroupResource): RuleWithOperations {
  return {
    operations: ["CREATE", "UPDATE"],
    apiGroups: [group],
    apiVersions: ["*"],
    resources: [resource],
    scope: "*",
  };
}

/**
 * Does the API server have the configuration as it is wanted? Selectors are a whole: one that selects less by a label
 * more is another.
 */
export function isApplied(
  actual: MutatingWebhookConfiguration | undefined,
  wanted: Draft<MutatingWebhookConfiguration>,
): boolean {
  if (!holds(actual, wanted)) return false;
  return (wanted.webhooks ?? []).every((webhook, index) => {
    const found = actual?.webhooks?.[index];
    return holds(webhook.namespaceSelector, found?.namespaceSelector) &&
      holds(webhook.objectSelector, found?.objectSelector);
  });
}

/**
 * Does the object already hold all that is wanted? Fields that the wanted one does not name belong to others (the
 * server's defaults, an injected CA bundle); lists must agree item by item. The server leaves out empty lists and maps.
 */
export function holds(actual: unknown, wanted: unknown): boolean {
  if (actual === undefined) return wanted === undefined || isEmpty(wanted);
  if (Array.isArray(wanted)) {
    return Array.isArray(actual) && actual.length === wanted.length &&
      wanted.every((item, index) => holds(actual[index], item));
  }
  if (typeof wanted === "object" && wanted !== null) {
    if (typeof actual !== "object" || actual === null) return false;
    const fields = new Map<string, unknown>(Object.entries(actual));
    return Object.entries(wanted).every(([name, value]) => holds(fields.get(name), value));
  }
  return actual === wanted;
}

function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}
