/**
 * Controller sharding for Deno: the library for authors of controllers.
 *
 * A controller that is sharded runs in several processes, the shards, each of which works on its share of the objects.
 * The sharder assigns the objects by labels; this library does the shard's side. An author writes a reconciler and
 * says what it is for. Here each Secret gets a ConfigMap that names its keys:
 *
 * ```ts
 * import * as sharding from "@controller-sharding/deno";
 *
 * function setUp(shard: sharding.Shard): void {
 *   const secrets = shard.cache(sharding.secrets);
 *   const configMaps = shard.cache(sharding.configMaps);
 *   shard.control(secrets, {
 *     name: "secret-keys",
 *     workers: 5,
 *     owns: [configMaps],
 *     reconcile: async ({ metadata: { name, namespace, uid = "" }, data = {} }, { signal }) => {
 *       const keys = Object.keys(data).sort().join(",");
 *       const ownerReferences = [{ apiVersion: "v1", kind: "Secret", name, uid, controller: true }];
 *       const configMap = { metadata: { name: `keys-${name}`, ownerReferences }, data: { keys } };
 *       await configMaps.api.inNamespace(namespace).apply(configMap, { signal, fieldManager: "secret-keys" });
 *     },
 *   });
 * }
 *
 * const { denoHost, systemClock: clock, systemRandom: random } = sharding;
 * const config = await sharding.loadClusterAccess({ host: denoHost, clock });
 * const stop = new AbortController();
 * Deno.addSignalListener("SIGTERM", () => stop.abort());
 * await sharding.runShard({
 *   ring: "secret-keys",
 *   shardName: sharding.defaultShardName("secret-keys", { env: denoHost.env, hostname: Deno.hostname, random }),
 *   leaseNamespace: await sharding.defaultLeaseNamespace(denoHost),
 *   connect: ({ userAgent }) => sharding.createRestClient({ config, clock, random, userAgent }),
 *   setUp,
 * }, stop.signal);
 * ```
 *
 * `runShard()` ends when its signal aborts, after the work has ended and the shard's Lease is released. It rejects when
 * the Lease is lost; then the process should exit. `controllers/examples/checksum` is a complete example, and
 * `@controller-sharding/deno/testing` the test kit.
 *
 * @module
 */

// The shard: `runShard()` does everything with one call, and its parts can be used on their own.
export * from "./lib/shard/mod.ts";

// Leases and leadership.
export {
  type ElectionObserver,
  type ElectionRecord,
  type ElectionTiming,
  type Fence,
  type Lead,
  LeaderElector,
  type LeaderElectorOptions,
  LeadershipLostError,
  type LeaseDecoration,
  LeaseLock,
  type LeaseLockOptions,
  type Lock,
  type StopBy,
} from "./lib/runtime/election/mod.ts";

// Controllers, their queues, and what they watch.
export {
  and,
  annotationsChanged,
  Controller,
  type ControllerObserver,
  type ControllerOptions,
  type Enqueue,
  type EventSource,
  fromInformer,
  fromIterable,
  generationChanged,
  type InformerSourceOptions,
  labelsChanged,
  not,
  or,
  ownerKeys,
  type OwnerOptions,
  type Predicate,
  type Reconcile,
  type ReconcileContext,
  type ReconcileOutcome,
  type ReconcileReport,
  type ReconcileResult,
  type Source,
  TerminalError,
} from "./lib/runtime/controller/mod.ts";
export { type Runnable, WorkNotStoppedError } from "./lib/runtime/runnable.ts";
export * from "./lib/runtime/queue/mod.ts";
export {
  dropManagedFields,
  type IndexFunction,
  Informer,
  type InformerEvent,
  type InformerOptions,
  type StoreReader,
  type WatcherOptions,
  WatchError,
  type WatchObserver,
  type WatchProblem,
  type WatchSource,
} from "./lib/runtime/watch/mod.ts";
export {
  type EventNote,
  EventRecorder,
  type EventRecorderOptions,
  type EventReporter,
} from "./lib/runtime/events/mod.ts";

// Connections to a cluster.
export * from "./lib/k8s/kubeconfig/mod.ts";
export {
  createRestClient,
  type KubeRestClient,
  type RequestObserver,
  type RequestOutcome,
  type RestClientOptions,
} from "./lib/k8s/client/mod.ts";
export type {
  HttpMethods,
  JSONArray,
  JSONObject,
  JSONPrimitive,
  JSONValue,
  KubernetesTunnel,
  RequestOptions,
  RestClient,
} from "./lib/k8s/contract.ts";

// Objects of the Kubernetes API, and reading and writing them.
export { Api, type ApiOptions, type ObjectList, type Subresource } from "./lib/k8s/api/api.ts";
export type {
  ApplyOptions,
  CallOptions,
  DeleteOptions,
  GetOptions,
  ListOptions,
  PageOptions,
  SelectorOptions,
  WatchOptions,
  WriteOptions,
} from "./lib/k8s/api/options.ts";
export { type JsonPatchOperation, type Patch, pointer as jsonPointer } from "./lib/k8s/api/patch.ts";
export type { TypedWatchEvent } from "./lib/k8s/api/watch_stream.ts";
export { type GroupResource, isAny as isAnyObject, type Resource } from "./lib/k8s/api/resource.ts";
export { leases } from "./lib/k8s/kinds/coordination.ts";
export { configMaps, namespaces, secrets } from "./lib/k8s/kinds/core.ts";
export {
  type ConfigMap,
  controllerOf,
  type Draft,
  formatKey,
  keyOf,
  type KubeObject,
  type LabelSelector,
  type LabelSelectorRequirement,
  type Lease,
  type LeaseSpec,
  type ManagedFieldsEntry,
  type NamedMeta,
  type Namespace,
  type ObjectKey,
  type ObjectMeta,
  type OwnerReference,
  type PartialObjectMetadata,
  type Scale,
  type Secret,
} from "./lib/k8s/types.ts";
export {
  ApiError,
  ConnectionError,
  InvalidObjectError,
  isAlreadyExists,
  isConflict,
  isExpired,
  isForbidden,
  isInvalid,
  isNotFound,
  isOverloaded,
  isUnauthorized,
  type Status,
  type StatusCause,
} from "./lib/k8s/errors.ts";

// Time, randomness and logs, which the library takes only from outside.
export { type Clock, systemClock } from "./lib/util/clock/mod.ts";
export { type Random, systemRandom } from "./lib/util/random.ts";
export {
  configureLogging,
  describeError,
  type Logger,
  type LogLevel,
  type LogOptions,
  type LogTime,
} from "./lib/util/log.ts";
