/**
 * Names on the wire: labels, annotations, identities and paths that shards, sharder and users agree on. They are those
 * of timebertt/kubernetes-controller-sharding, so that its shards work with our sharder and ours with its.
 */
import { isLabelValue } from "../k8s/selectors.ts";

/** Group of the API and suffix of all our keys. */
const domain = "sharding.timebertt.dev";

/** Group of the ControllerRing API. */
export const ringGroup = domain;

/** Namespace in which the sharder runs when nobody says otherwise. */
export const systemNamespace = "sharding-system";

/** On a shard's Lease: the ring that the shard belongs to. On a webhook configuration: the ring that it serves. */
export const leaseRingLabel = `alpha.${domain}/controllerring`;

/** On a shard's Lease: the state that the sharder sees it in. For people and metrics; decisions never read it. */
export const leaseStateLabel = `alpha.${domain}/state`;

/** On a shard's Lease: until when the shard would go on without another renewal. See `stop_proof.ts`. */
export const stopByAnnotation = `alpha.${domain}/stop-by`;

/** On a ControllerRing: keeps it until the labels of its objects are gone. */
export const ringFinalizer = `alpha.${domain}/release-objects`;

/**
 * On a ring's webhook configuration: the resources whose objects may carry the ring's labels, also those that are not
 * the ring's any more. Its rules do not tell which resources are main ones, and lose a resource at once.
 */
export const labelledResourcesAnnotation = `alpha.${domain}/labelled-resources`;

/**
 * On a ControllerRing: nothing moves from one live shard to another while it is there. Its presence counts, unless the
 * value is "false". See `brakes.ts`.
 */
export const pausedAnnotation = `alpha.${domain}/paused`;

/** On a ControllerRing: how many objects may be asked to leave a live shard in a second. See `brakes.ts`. */
export const movesPerSecondAnnotation = `alpha.${domain}/moves-per-second`;

/** On a ControllerRing: the only namespaces whose Leases may be those of shards. See `lease_namespaces.ts`. */
export const leaseNamespacesAnnotation = `alpha.${domain}/lease-namespaces`;

/** holderIdentity of a shard's Lease that the sharder has taken over. */
export const takeOverIdentity = "shardlease-controller";

/** Field manager of webhook configurations, and reporter of events on rings. */
export const fieldManager = "controllerring-controller";

/** Field manager of the sharder's changes of object labels. */
export const sharderFieldManager = "sharder";

/** Label and value that all objects of this project carry. */
export const appNameLabel = "app.kubernetes.io/name";

/** Value of {@link appNameLabel}. */
export const appName = "controller-sharding";

/** Name of the one webhook inside each webhook configuration. */
export const webhookName = `sharder.${domain}`;

/** What the paths of all rings' webhooks have in common; also their name in metrics. */
export const webhookPathPrefix = "/webhooks/sharder/controllerring/";

/** On an object: the shard that is responsible for it in a ring. */
export function shardLabel(ring: string): string {
  return `shard.alpha.${domain}/${ring}`;
}

/** On an object: its shard shall let go of it. Its presence counts, whatever the value. */
export function drainLabel(ring: string): string {
  return `drain.alpha.${domain}/${ring}`;
}

/** The value that we give to {@link drainLabel}. */
export const drainValue = "true";

/** Path of a ring's webhook. */
export function webhookPath(ring: string): string {
  return `${webhookPathPrefix}${ring}`;
}

/** The ring of a webhook's path, or undefined when it is not such a path. The inverse of {@link webhookPath}. */
export function ringOfWebhookPath(path: string): string | undefined {
  if (!path.startsWith(webhookPathPrefix) || path.length === webhookPathPrefix.length) return undefined;
  return path.slice(webhookPathPrefix.length);
}

/** Name of a ring's MutatingWebhookConfiguration. */
export function webhookConfigurationName(ring: string): string {
  return `controllerring-${ring}`;
}

/**
 * Can objects be labelled with this shard? A Lease's name may be longer than a label value, and a label with it would
 * make the API server refuse the object.
 */
export function isShardName(name: string): boolean {
  return name !== "" && isLabelValue(name);
}
