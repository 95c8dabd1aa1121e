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
 * the Lease is lost; then the process should exit. `controllers/examples/checksum` is a complete example.
 *
 * @module
 */

// The shard.
export * from "./lib/shard/mod.ts";
export {
  type ElectionObserver,
  type ElectionTiming,
  type Fence,
  type Lead,
  LeaderElector,
  type LeaderElectorOptions,
  LeadershipLostError,
} from "./lib/runtime/election/mod.ts";
export {
  type EventNote,
  EventRecorder,
  type EventRecorderOptions,
  type EventReporter,
} from "./lib/runtime/events/mod.ts";
export { type Runnable, WorkNotStoppedError } from "./lib/runtime/runnable.ts";

// Controllers and what they watch.
export * from "./lib/runtime/controller/mod.ts";
export * from "./lib/runtime/queue/mod.ts";
export { dropManagedFields, Informer, type InformerEvent, type InformerOptions } from "./lib/runtime/watch/mod.ts";
export type { IndexFunction, StoreReader, WatcherOptions, WatchObserver } from "./lib/runtime/watch/mod.ts";
export { WatchError, type WatchProblem, type WatchSource } from "./lib/runtime/watch/mod.ts";

// The Kubernetes API.
export {
  createRestClient,
  type KubeRestClient,
  type RequestObserver,
  type RequestOutcome,
  type RestClientOptions,
} from "./lib/k8s/client/mod.ts";
export * from "./lib/k8s/kubeconfig/mod.ts";
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
export { Api, type ApiOptions, type ObjectList, type Subresource } from "./lib/k8s/api/api.ts";
export type * from "./lib/k8s/api/options.ts";
export type { TypedWatchEvent } from "./lib/k8s/api/watch_stream.ts";
export { type GroupResource, isAny, type Resource } from "./lib/k8s/api/resource.ts";
export { type JsonPatchOperation, type Patch, pointer } from "./lib/k8s/api/patch.ts";
export * from "./lib/k8s/errors.ts";
export * from "./lib/k8s/kinds/core.ts";
export * from "./lib/k8s/types.ts";

// Time, randomness and logs, which the library takes only from outside.
export { type Clock, systemClock } from "./lib/util/clock/mod.ts";
export { type Random, systemRandom } from "./lib/util/random.ts";
export { configureLogging, describeError, type Logger, type LogLevel, type LogOptions } from "./lib/util/log.ts";
