import { serverNames } from "../../controllers/certificates/server_names.ts";
import { WebhookCertificates } from "../../controllers/certificates/webhook_certificates.ts";
import { controllerRingReconciler } from "../../controllers/controller_ring/reconciler.ts";
import { carriesObjects } from "../../controllers/sharder/carried_objects.ts";
import { Sharder } from "../../controllers/sharder/sharder.ts";
import { shardLeaseReconciler } from "../../controllers/shard_lease/reconciler.ts";
import type { CertificateSource } from "../../lib/certificates/mod.ts";
import { Api } from "../../lib/k8s/api/api.ts";
import type { RestClient } from "../../lib/k8s/contract.ts";
import { Discovery } from "../../lib/k8s/discovery.ts";
import { mutatingWebhookConfigurations } from "../../lib/k8s/kinds/admissionregistration.ts";
import { leases } from "../../lib/k8s/kinds/coordination.ts";
import { namespaces, secrets } from "../../lib/k8s/kinds/core.ts";
import { keyOf, type KubeObject, type Lease, type ObjectKey } from "../../lib/k8s/types.ts";
import { Rings } from "../../lib/rings/mod.ts";
import {
  Controller,
  type Enqueue,
  fromInformer,
  fromIterable,
  labelsChanged,
  type Source,
} from "../../lib/runtime/controller/mod.ts";
import { LeaderElector, LeaseLock } from "../../lib/runtime/election/mod.ts";
import { EventRecorder } from "../../lib/runtime/events/mod.ts";
import { type LeadershipGate, Manager } from "../../lib/runtime/manager.ts";
import type { Registry } from "../../lib/runtime/metrics/mod.ts";
import type { Runnable } from "../../lib/runtime/runnable.ts";
import { dropManagedFields, Informer } from "../../lib/runtime/watch/mod.ts";
import { GuardedClient } from "../../lib/shard/guarded_client.ts";
import { appName, fieldManager, leaseRingLabel, sharderFieldManager } from "../../lib/sharding/names.ts";
import { controllerRings } from "../../lib/sharding/ring_types.ts";
import { ourTiming } from "../../lib/sharding/shard_state.ts";
import { BoundedQueue } from "../../lib/util/bounded_queue.ts";
import { type Clock, deadline } from "../../lib/util/clock/mod.ts";
import type { Random } from "../../lib/util/random.ts";
import { type WebhookApp, webhookApp } from "../../webhook/app.ts";
import type { ConnectionOptions } from "../common/parts.ts";
import type { SharderConfig } from "./config/sharder_config.ts";
import { ringObservers, type RuntimeObservers, runtimeObservers } from "./diagnostics/observers.ts";

/** Something that serves requests, and can tell whether it does. */
export interface Served extends Runnable {
  /** Throws while requests cannot be answered. */
  readonly check: () => void;
}

/** What a sharder works with. */
export interface SharderOptions {
  readonly config: SharderConfig;
  /** Who this replica is; no other process may use it. */
  readonly identity: string;
  readonly connect: (options: ConnectionOptions) => RestClient;
  readonly clock: Clock;
  readonly random: Random;
  /** Serves the admission webhook. @param certificates our own, where we issue them */
  readonly serveWebhook: (app: WebhookApp, certificates: CertificateSource | undefined) => Served;
  /** Does nobody else give the webhook a certificate? Then we issue it. @default false */
  readonly issuesCertificates?: boolean;
  /** Serves the health endpoints with these checks for readiness. @default not at all */
  readonly serveHealth?: (ready: Readonly<Record<string, () => void>>) => Runnable;
  /** Measures all parts. @default nothing is measured */
  readonly metrics?: {
    /** Holds the measurements. */
    readonly registry: Registry;
    /** What serves them, and what else belongs to them. The client is for TokenReviews and SubjectAccessReviews. */
    readonly serve: (reviews: RestClient) => readonly Runnable[];
  };
}

/** Rings wait so long for the first certificate of the webhook, in milliseconds. */
const certificatePatience = 5_000;

/** Workers of the controllers of rings and Leases, as in the reference. */
const workers = 5;

/**
 * A half-open connection for Leases is given up after so long, in milliseconds: by then no shard's silence has been
 * taken for its death yet.
 */
const leaseWatchTimeout = 20_000;

/**
 * Runs one replica of the sharder: it answers the webhook, and while it leads it keeps rings, Leases and objects in
 * order. Resolves when it has stopped after `signal` aborted.
 * @throws LeadershipLostError when the leader's Lease was lost, and what else keeps it from running.
 */
export async function runSharder(options: SharderOptions, signal: AbortSignal): Promise<void> {
  const { config, identity, connect, clock, random } = options;
  const { metrics } = options;
  const observers = runtimeObservers(metrics?.registry);
  using client = connect({ userAgent: appName, ...config.clientConnection, ...observers.client });
  // The leader's Lease and the take-overs of shards' Leases never wait for object writes.
  using leaseClient = connect({ userAgent: `${appName}/leases`, ...observers.client });
  using reviewClient = metrics && connect({ userAgent: `${appName}/reviews`, ...observers.client });
  const parts = { clock, random };

  const gate = leaderGate(options, new Api(leaseClient, leases), observers);
  // A leader that was frozen goes on in the middle of a pass when it thaws, while another may lead already.
  const [leading, leadingLeases] = [fenced(client, gate, options), fenced(leaseClient, gate, options)];

  const ringApi = new Api(leading, controllerRings);
  const leaseApi = new Api(leadingLeases, leases);
  const configurationApi = new Api(leading, mutatingWebhookConfigurations, { fieldManager });
  const ringInformer = new Informer(ringApi, { ...parts, transform: dropManagedFields });
  const leaseInformer = new Informer(new Api(client, leases), {
    ...parts,
    labelSelector: leaseRingLabel,
    transform: dropManagedFields,
    watchTimeout: leaseWatchTimeout,
  });
  const namespaceInformer = new Informer(new Api(client, namespaces).asMetadata(), {
    ...parts,
    transform: dropManagedFields,
  });
  const configurationInformer = new Informer(configurationApi, {
    ...parts,
    labelSelector: leaseRingLabel,
    transform: dropManagedFields,
  });
  const measured = ringObservers(metrics?.registry, { rings: ringInformer.store, leases: leaseInformer.store });
  const { takeOverAfter, ...settings } = config.controller.sharder;
  const rings = new Rings({
    rings: ringInformer,
    leases: leaseInformer,
    namespaces: namespaceInformer,
    clock,
    defaultNamespaceSelector: config.webhook.config.namespaceSelector,
    timing: { ...ourTiming, uncertainAfter: takeOverAfter },
    ...measured.rings,
  });

  const certificates = options.issuesCertificates === true ? webhookCertificates(options, client) : undefined;
  const recorder = new EventRecorder({
    client,
    clock,
    random,
    reporter: { controller: fieldManager, instance: identity },
  });
  const discovery = new Discovery(client, { clock });
  const unjudged = new BoundedQueue<ObjectKey>();
  const controllerRing = new Controller({
    ...parts,
    ...observers.controller,
    name: "controllerring",
    workers,
    reconcile: controllerRingReconciler({
      rings,
      ringApi,
      configurationApi,
      configurations: configurationInformer.store,
      settings: config.webhook.config,
      certificates,
      recorder,
      clock,
    }),
    sources: [
      ringChanges(rings, (ring) => [{ namespace: "", name: ring }]),
      fromInformer(configurationInformer, {
        name: "webhook configurations",
        keys: ({ object }) => ringNamedBy(object),
      }),
      ...certificates === undefined ? [] : [authorityChanges(certificates, rings, clock)],
    ],
  });
  const shardLease = new Controller({
    ...parts,
    ...observers.controller,
    name: "shardlease",
    workers,
    reconcile: shardLeaseReconciler({
      rings,
      leases: leaseApi,
      carriesObjects: (snapshot, shard, signal) => carriesObjects(snapshot, shard, discovery, client, signal),
      recorder,
      clock,
    }),
    sources: [
      ringChanges(rings, (ring) => rings.leasesOf(ring).map(({ lease }) => keyOf(lease))),
      fromInformer(leaseInformer, {
        name: "labels of Leases",
        predicates: [(e) => e.type === "updated", labelsChanged],
      }),
      fromIterable("shards that have to be taken over", (signal) => {
        signal.addEventListener("abort", () => unjudged.close(), { once: true });
        return unjudged;
      }),
    ],
  });
  const sharder = new Sharder({
    ...parts,
    ...observers.controller,
    ...measured.moves,
    rings,
    client: leading,
    lookup: discovery,
    settings,
    onUnjudged: (ring, shard) => {
      const tracked = rings.leaseOf(ring, shard);
      if (tracked !== undefined) unjudged.push(keyOf(tracked.lease));
    },
  });

  measured.work(sharder);

  const admission = measured.admission(() => app.inFlight);
  const app: WebhookApp = webhookApp({ lookup: (ring) => rings.get(ring), random, clock, ...admission });
  const webhook = options.serveWebhook(app, certificates);
  const manager = new Manager({
    gates: { leader: gate },
    gracefulShutdown: config.gracefulShutdown,
    clock,
  });
  manager.add(named("informer of ControllerRings", ringInformer));
  manager.add(named("informer of Leases", leaseInformer));
  manager.add(named("informer of Namespaces", namespaceInformer));
  manager.add(recorder);
  manager.add(rings);
  for (const runnable of certificates?.runnables ?? []) manager.add(runnable);
  manager.add(webhook);
  if (metrics !== undefined && reviewClient !== undefined) {
    for (const runnable of metrics.serve(reviewClient)) manager.add(runnable);
  }
  const synced = syncCheck(rings, signal);
  if (options.serveHealth !== undefined) {
    manager.add(options.serveHealth({
      "cache-sync": synced,
      webhook: webhook.check,
      ...(certificates === undefined ? {} : { certificate: certificates.check }),
    }));
  }
  manager.add(named("informer of webhook configurations", configurationInformer), "leader");
  manager.add(controllerRing, "leader");
  manager.add(shardLease, "leader");
  manager.add(sharder, "leader");
  await manager.run(signal);
}

/** Keys for each change of a ring. */
function ringChanges(rings: Rings, keys: (ring: string) => Iterable<ObjectKey>): Source {
  return {
    name: "rings",
    async start(enqueue: Enqueue, signal: AbortSignal): Promise<void> {
      for await (const { ring } of rings.changes(signal)) for (const key of keys(ring)) enqueue(key);
    },
    whenReady: (signal) => rings.whenReady(signal),
  };
}

/** Our own certificates, in a Secret beside the leader's Lease. */
function webhookCertificates({ config, clock, random }: SharderOptions, client: RestClient): WebhookCertificates {
  const namespace = config.leaderElection.resourceNamespace;
  return new WebhookCertificates({
    secrets: new Api(client, secrets, { namespace, fieldManager: sharderFieldManager }),
    configurations: new Api(client, mutatingWebhookConfigurations),
    namespace,
    names: serverNames(config.webhook.config.clientConfig),
    clock,
    random,
  });
}

/** All rings, whenever API servers have to trust another authority. */
function authorityChanges(certificates: WebhookCertificates, rings: Rings, clock: Clock): Source {
  return {
    name: "authorities of the webhook",
    async start(enqueue: Enqueue, signal: AbortSignal): Promise<void> {
      for await (const _bundle of certificates.caBundles(signal)) {
        for (const { ring } of rings.list()) enqueue(keyOf(ring));
      }
    },
    // Rings shall not be reported as failed at each start. But they are when this takes long.
    async whenReady(signal: AbortSignal): Promise<void> {
      using patience = deadline(clock, certificatePatience, "the webhook's certificate", signal);
      for await (const _bundle of certificates.caBundles(patience.signal)) return;
    },
  };
}

function ringNamedBy(object: KubeObject): ObjectKey[] {
  const name = object.metadata.labels?.[leaseRingLabel];
  return name === undefined ? [] : [{ namespace: "", name }];
}

/** A client that writes only while this replica leads. Without an election it always does. */
function fenced(client: RestClient, gate: LeadershipGate | LeaderElector, options: SharderOptions): RestClient {
  if (!(gate instanceof LeaderElector)) return client;
  return new GuardedClient({ client, fence: gate, lease: gate.name, clock: options.clock });
}

function leaderGate(
  { config, identity, clock, random }: SharderOptions,
  api: Api<Lease>,
  observers: RuntimeObservers,
): LeadershipGate | LeaderElector {
  const { leaderElect, resourceName, resourceNamespace, leaseDuration, renewDeadline, retryPeriod } =
    config.leaderElection;
  if (!leaderElect) return aloneGate;
  const lock = new LeaseLock({ api, namespace: resourceNamespace, lease: resourceName });
  return new LeaderElector({
    lock,
    identity,
    leaseDuration,
    renewDeadline,
    retryPeriod,
    clock,
    random,
    ...observers.election,
  });
}

/** Without an election the only replica leads from the start. */
const aloneGate: LeadershipGate = {
  name: "no leader election",
  run: (signal, lead) => lead(signal, new AbortController().signal),
};

function named(name: string, runnable: { run(signal: AbortSignal): Promise<void> }): Runnable {
  return { name, run: (signal) => runnable.run(signal) };
}

/** A health check that fails until the caches are filled. */
function syncCheck(rings: Rings, signal: AbortSignal): () => void {
  let ready = false;
  rings.whenReady(signal).then(() => ready = true, () => undefined);
  return () => {
    if (!ready) throw new Error("the caches of ControllerRings, Leases and Namespaces are not filled yet");
  };
}
