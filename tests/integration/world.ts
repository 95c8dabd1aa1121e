import assert from "node:assert/strict";
import { type Fault, faults, type Intercept } from "../../lib/apiserver/mod.ts";
import { Api } from "../../lib/k8s/api/api.ts";
import type { Resource } from "../../lib/k8s/api/resource.ts";
import type { JSONValue, RequestOptions, RestClient } from "../../lib/k8s/contract.ts";
import { isJsonObject, isNotFound } from "../../lib/k8s/errors.ts";
import { mutatingWebhookConfigurations } from "../../lib/k8s/kinds/admissionregistration.ts";
import { leases } from "../../lib/k8s/kinds/coordination.ts";
import { configMaps, namespaces, secrets } from "../../lib/k8s/kinds/core.ts";
import { events } from "../../lib/k8s/kinds/events.ts";
import type { KubeObject, Lease, Secret } from "../../lib/k8s/types.ts";
import { HashRing } from "../../lib/sharding/hash_ring.ts";
import {
  drainLabel,
  leaseRingLabel,
  leaseStateLabel,
  shardLabel,
  stopByAnnotation,
  webhookConfigurationName,
} from "../../lib/sharding/names.ts";
import { formatMicroTime } from "../../lib/util/micro_time.ts";
import { formatStopProof } from "../../lib/sharding/stop_proof.ts";
import { type ControllerRing, controllerRings, type ControllerRingSpec } from "../../lib/sharding/ring_types.ts";
import { sleep } from "../../lib/util/clock/mod.ts";
import type { WebhookApp } from "../../webhook/app.ts";
import { History } from "./history.ts";
import {
  type Pace,
  type ProcessContext,
  SharderProcess,
  type SharderSettings,
  type ShardSettings,
  startShard,
  type TestProcess,
} from "./processes.ts";
import type { Stage } from "./stage.ts";

/** A request of one of the processes. */
export interface Traffic {
  readonly process: string;
  readonly method: string;
  readonly path: string;
  /** Name of the object that is to be created; its path has none. */
  readonly created: string | undefined;
  readonly at: number;
  /** Undefined while it is under way and after a success. */
  failure?: unknown;
}

/** What the webhooks do: answer, refuse every request, keep the API server waiting, or answer what is no answer. */
export type WebhookHealth = "up" | "down" | "hanging" | "talking nonsense";

/** What a shard's Lease looks like that a test writes by hand. */
export interface LeaseFields {
  readonly duration?: number;
  readonly holder?: string;
  /** Milliseconds since the last renewal. */
  readonly age?: number;
  /** @default the world's */
  readonly ring?: string;
  /** Seconds after the renewal at which the shard proves to stop. */
  readonly stopsAfter?: number;
}

/** The ring's labels of an object at one moment. */
export interface LabelSight {
  readonly shard: string | undefined;
  readonly draining: boolean;
}

/** How the labels of a collection's objects changed. */
export type Labels = History<KubeObject, LabelSight>;

/** A Lease at one moment. */
export interface LeaseSight {
  readonly state: string | undefined;
  readonly holder: string;
  readonly duration: number | undefined;
  readonly transitions: number | undefined;
}

/** A ring with a namespace of its own on a stage, the processes that a test starts, and a person who looks on. */
export class World implements AsyncDisposable {
  readonly stage: Stage;
  /** Name of the namespace and of the ring. */
  readonly name: string;
  readonly shardLabel: string;
  readonly drainLabel: string;
  readonly admin: RestClient;
  readonly rings: Api<ControllerRing>;
  readonly secrets: Api<Secret>;
  readonly configMaps: Api<KubeObject>;
  readonly leases: Api<Lease>;
  /** Everything that the processes sent. */
  readonly traffic: Traffic[] = [];
  /** What goes wrong with a request of a process. */
  fault: (request: RequestOptions, process: string) => Fault = () => ({ type: "none" });
  /** Changes requests and answers of a process. */
  tamper: (process: string) => Intercept = () => (request, next) => next(request);
  webhooks: WebhookHealth = "up";
  /** Requests that reached a webhook. */
  admissions = 0;
  /** Of processes that are started from now on. */
  pace: Pace = "short";
  readonly #processes: TestProcess[] = [];
  readonly #over = new AbortController();
  readonly #objects: (() => Promise<void>)[] = [];
  readonly #firstLog: number;

  /** @param name must be new on the stage. */
  constructor(stage: Stage, name: string) {
    this.stage = stage;
    this.name = name;
    this.#firstLog = stage.logs.length;
    this.shardLabel = shardLabel(name);
    this.drainLabel = drainLabel(name);
    this.admin = stage.connect("admin", "test");
    this.rings = this.api(controllerRings);
    this.secrets = this.api(secrets).inNamespace(name);
    this.configMaps = this.api<KubeObject>(configMaps).inNamespace(name);
    this.leases = this.api(leases).inNamespace(name);
  }

  /** All objects of a resource, with all rights. */
  api<T extends KubeObject>(resource: Resource<T>): Api<T> {
    return new Api(this.admin, resource);
  }

  /** Creates the namespace and, unless `spec` is null, the ring for its Secrets and their ConfigMaps. */
  async setUp(spec: ControllerRingSpec | null = this.spec()): Promise<void> {
    await this.createNamespace(this.name);
    if (spec !== null) await this.createRing(this.name, spec);
  }

  /** A spec for Secrets and their ConfigMaps in the world's namespace. */
  spec(): ControllerRingSpec {
    return {
      resources: [{ group: "", resource: "secrets", controlledResources: [{ group: "", resource: "configmaps" }] }],
      namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": this.name } },
    };
  }

  async createNamespace(name: string, labels?: Record<string, string>): Promise<void> {
    await this.stage.createNamespace(name, labels);
    this.#objects.push(() => this.api(namespaces).delete(name));
  }

  async createRing(name: string, spec: ControllerRingSpec): Promise<void> {
    await this.rings.create({ metadata: { name }, spec });
    // The garbage collector takes its time, and until then the API server would call a webhook that is gone.
    this.#objects.push(() => this.#removeRing(name));
    this.#objects.push(() => this.api(mutatingWebhookConfigurations).delete(webhookConfigurationName(name)));
  }

  /** Removes a ring whose sharder is gone, and would have taken its finalizer away. */
  async #removeRing(name: string): Promise<void> {
    await this.rings.delete(name);
    await this.rings.patch(name, { type: "merge", patch: { metadata: { finalizers: null } } });
  }

  /** Starts a replica of the sharder. */
  startSharder(name = "sharder-a", settings: SharderSettings = {}): SharderProcess {
    const wrap = (app: WebhookApp): WebhookApp => ({
      handle: async (request) => {
        this.admissions++;
        if (this.webhooks === "up") return await app.handle(request);
        if (this.webhooks === "talking nonsense") return new Response('{"kind":"AdmissionReview","response":{}}');
        if (this.webhooks === "hanging") {
          await sleep(this.stage.clock, 60_000, this.#over.signal).catch(() => undefined);
        }
        return new Response("down for a test\n", { status: 503 });
      },
      inFlight: 0,
      [Symbol.dispose]: () => app[Symbol.dispose](),
    });
    const sharder = new SharderProcess(`${this.name}-${name}`, `sharder-${this.name}`, this.#context(), settings, wrap);
    this.#processes.push(sharder);
    return sharder;
  }

  /** Starts a shard. */
  startShard(name: string, settings: Partial<ShardSettings> = {}): TestProcess {
    const shard = startShard(name, this.#context(), { ring: this.name, namespace: this.name, ...settings });
    this.#processes.push(shard);
    return shard;
  }

  /** Starts a sharder and shards, and waits until the ring is ready with all of them. */
  async startAll(shards: readonly string[], settings: SharderSettings = {}): Promise<{
    readonly sharder: SharderProcess;
    readonly shards: ReadonlyMap<string, TestProcess>;
  }> {
    const sharder = this.startSharder("sharder-a", settings);
    const started = new Map(shards.map((name) => [name, this.startShard(name)]));
    await this.isReady(shards.length);
    return { sharder, shards: started };
  }

  /** Waits until the ring is ready and has so many available shards, of `total`. */
  async isReady(available: number, total = available, ring = this.name): Promise<void> {
    await this.eventually(`ring ${ring} is ready with ${available}/${total} shards`, async () => {
      const { status } = await this.rings.get(ring);
      const ready = status?.conditions?.find(({ type }) => type === "Ready")?.status === "True";
      return ready && status?.availableShards === available && status.shards === total;
    }, 15_000);
  }

  eventually(what: string, condition: () => boolean | Promise<boolean>, ms = 10_000): Promise<void> {
    return this.stage.eventually(what, condition, ms);
  }

  consistently(what: string, condition: () => boolean | Promise<boolean>, ms: number): Promise<void> {
    return this.stage.consistently(what, condition, ms);
  }

  /** Creates Secrets `<prefix>-0`, `<prefix>-1`, ... and gives their names. */
  async createSecrets(count: number, prefix = "foo"): Promise<string[]> {
    const names = Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
    for (const name of names) await this.createSecret(name);
    return names;
  }

  async createSecret(name: string, labels?: Record<string, string>): Promise<Secret> {
    const metadata = labels === undefined ? { name } : { name, labels };
    return await this.secrets.create({ metadata, data: { foo: "YmFy" } });
  }

  /** The shard label of an object; undefined when it has none or does not exist. */
  async shardOf(api: Api<KubeObject>, name: string): Promise<string | undefined> {
    return (await api.find(name))?.metadata.labels?.[this.shardLabel];
  }

  /** The shards of all objects of a collection, by name. */
  async shardsOf(api: Api<KubeObject>, ring = this.name): Promise<Map<string, string | undefined>> {
    const { items } = await api.asMetadata().list();
    return new Map(items.map(({ metadata }) => [metadata.name, metadata.labels?.[shardLabel(ring)]]));
  }

  /** The shard to which a Secret of the world belongs, among these. */
  ownerAmong(shards: readonly string[], secret: string, ring = new HashRing(shards)): string {
    const owner = ring.ownerOf(`/Secret/${this.name}/${secret}`);
    assert.ok(owner !== undefined);
    return owner;
  }

  /** Is every Secret, and every ConfigMap with its Secret, where it belongs among these shards, and none draining? */
  async isSpread(shards: readonly string[], names: readonly string[]): Promise<boolean> {
    const [mains, children] = [await this.shardsOf(this.secrets), await this.shardsOf(this.configMaps)];
    const { items } = await this.secrets.asMetadata().list({ labelSelector: this.drainLabel });
    const ring = new HashRing(shards);
    return items.length === 0 &&
      names.every((name) => {
        const owner = this.ownerAmong(shards, name, ring);
        return mains.get(name) === owner && children.get(`checksums-${name}`) === owner;
      });
  }

  /** Waits until {@link isSpread}. */
  async spread(shards: readonly string[], names: readonly string[], ms = 10_000): Promise<void> {
    await this.eventually(
      `${names.length} families are spread over ${shards}`,
      () => this.isSpread(shards, names),
      ms,
    );
  }

  /** The same for main objects alone: some of these shards are no processes and write no ConfigMaps. */
  async settle(shards: readonly string[], names: readonly string[], ms = 10_000): Promise<void> {
    await this.eventually(`${names.length} Secrets are spread over ${shards}`, async () => {
      const owners = await this.shardsOf(this.secrets);
      return names.every((name) => owners.get(name) === this.ownerAmong(shards, name));
    }, ms);
  }

  /** Writes a shard's Lease by hand, as a shard in another language would. */
  async writeLease(name: string, fields: LeaseFields = {}): Promise<Lease> {
    const { duration = 10, holder = name, age = 0, ring = this.name, stopsAfter } = fields;
    const renewed = this.stage.clock.now() - age;
    const time = formatMicroTime(renewed);
    const proof = stopsAfter === undefined
      ? {}
      : { [stopByAnnotation]: formatStopProof({ renewTime: time, stopBy: renewed + 1_000 * stopsAfter }) };
    const spec = {
      holderIdentity: holder,
      leaseDurationSeconds: duration,
      acquireTime: time,
      renewTime: time,
      leaseTransitions: 0,
    };
    if (await this.leases.find(name) !== undefined) {
      // Without a resourceVersion, as the sharder may be writing its state label.
      const patch = { metadata: { annotations: proof }, spec };
      return await this.leases.patch(name, { type: "merge", patch });
    }
    const metadata = { name, labels: { [leaseRingLabel]: ring }, annotations: proof };
    return await this.leases.create({ metadata, spec });
  }

  /** Follows the ring's labels of a collection's objects from now on. */
  async labels(api: Api<KubeObject>): Promise<Labels> {
    const aspect = ({ metadata: { labels = {} } }: KubeObject): LabelSight => ({
      shard: labels[this.shardLabel],
      draining: labels[this.drainLabel] !== undefined,
    });
    return await this.#begun(new History(this.stage, api.asMetadata(), aspect, this.#over.signal), api);
  }

  /** Follows what the sharder does with the shards' Leases from now on. */
  async leaseHistory(): Promise<History<Lease, LeaseSight>> {
    const aspect = ({ metadata: { labels = {} }, spec = {} }: Lease): LeaseSight => ({
      state: labels[leaseStateLabel],
      holder: spec.holderIdentity ?? "",
      duration: spec.leaseDurationSeconds,
      transitions: spec.leaseTransitions,
    });
    return await this.#begun(new History(this.stage, this.leases, aspect, this.#over.signal), this.leases);
  }

  async #begun<T extends KubeObject, V>(history: History<T, V>, api: Api<T>): Promise<History<T, V>> {
    const { items } = await api.list();
    await this.eventually("the history begins", () => history.names.length >= items.length);
    return history;
  }

  /** A mark in the traffic, for {@link writes}. */
  get mark(): number {
    return this.traffic.length;
  }

  /** Requests that change something, without renewals of Leases (of shards, or the leader's) and without events. */
  writes(mark = 0): Traffic[] {
    return this.traffic.slice(mark).filter(({ method, path }) =>
      // Reviews are questions.
      method !== "GET" && !path.includes("/leases/") && !path.includes("/events") && !path.endsWith("accessreviews")
    );
  }

  /** Reasons of the events that regard an object of this name. */
  async eventsOn(name: string): Promise<string[]> {
    const { items } = await this.api(events).list();
    return items.flatMap(({ regarding, reason }) => regarding?.name === name && reason !== undefined ? [reason] : []);
  }

  /** What was logged since the beginning of this world. */
  get logs(): readonly string[] {
    return this.stage.logs.slice(this.#firstLog);
  }

  /** Is there a log line that matches? */
  logged(pattern: RegExp): boolean {
    return this.logs.some((line) => pattern.test(line));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.fault = () => ({ type: "none" });
    this.tamper = () => (request, next) => next(request);
    this.#over.abort();
    for (const process of this.#processes.reverse()) if (process.state === "running") await process.crash();
    for (const remove of this.#objects.reverse()) {
      await remove().catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
    }
    this.admin[Symbol.dispose]();
  }

  #context(): ProcessContext {
    const seed = 100 + this.#processes.length;
    return { stage: this.stage, pace: this.pace, seed, network: (process) => this.#network(process) };
  }

  #network(process: string): Intercept {
    const { clock, random, latency } = this.stage;
    const breaking = faults(clock, (request) => this.fault(request, process));
    return async (request, next) => {
      const { method, path } = request;
      const entry: Traffic = { process, method, path, created: createdBy(request), at: clock.monotonic() };
      this.traffic.push(entry);
      try {
        if (latency > 0) await sleep(clock, latency * random.next(), request.abortSignal);
        return await this.tamper(process)(request, (changed) => breaking(changed, next));
      } catch (failure) {
        entry.failure = failure;
        throw failure;
      }
    };
  }
}

function createdBy({ method, bodyRaw }: RequestOptions): string | undefined {
  if (method !== "POST" || bodyRaw === undefined) return undefined;
  const body: JSONValue = JSON.parse(new TextDecoder().decode(bodyRaw));
  const metadata = isJsonObject(body) ? body["metadata"] : undefined;
  const name = isJsonObject(metadata) ? metadata["name"] : undefined;
  return typeof name === "string" ? name : undefined;
}
