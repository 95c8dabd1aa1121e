import assert from "node:assert/strict";
import { Api } from "../../../lib/k8s/api/api.ts";
import type { RestClient } from "../../../lib/k8s/contract.ts";
import { mutatingWebhookConfigurations } from "../../../lib/k8s/kinds/admissionregistration.ts";
import { leases } from "../../../lib/k8s/kinds/coordination.ts";
import type { Draft, KubeObject, Lease, MutatingWebhookConfiguration } from "../../../lib/k8s/types.ts";
import { type ControllerRing, controllerRings } from "../../../lib/sharding/ring_types.ts";
import { sleep } from "../../../lib/util/clock/mod.ts";
import { formatMicroTime } from "../../../lib/util/micro_time.ts";
import type { World } from "../../integration/world.ts";

const identity = "sharder-7c9f5b6d8-x2x4v_5a0c8a52-6d36-4a55-a8f5-8d2f5e1f9c11";
/** What the Go client calls itself after its program: as that the writes of the reference are known. */
const program = "sharder";

/**
 * Writes what the reference's sharder writes for a ring of Secrets and ConfigMaps, as the description of the protocol
 * has it: once, as its passes do when all is in order already. Nothing here comes from our own controllers.
 */
export class ReferenceSharder implements Disposable {
  readonly #world: World;
  readonly #client: RestClient;
  readonly #leaderLease: Api<Lease>;
  readonly #stop = new AbortController();

  constructor(world: World) {
    this.#world = world;
    this.#client = world.stage.connect("admin", "sharder/v0.12.0 (linux/amd64) kubernetes-controller-sharding");
    this.#leaderLease = new Api(this.#client, leases, { namespace: "sharding-system", fieldManager: program });
  }

  /** Leads, and renews the leader's Lease until {@link release}. */
  async lead(): Promise<void> {
    const { clock } = this.#world.stage;
    const found = await this.#leaderLease.find("sharder");
    assert.equal(found?.spec?.holderIdentity ?? "", "", "the Lease was released, so the reference takes it at once");
    if (found === undefined) await this.#leaderLease.create({ metadata: { name: "sharder" }, spec: this.#term() });
    else await this.#leaderLease.replace({ ...found, spec: this.#term() });
    void (async () => {
      while (!this.#stop.signal.aborted) {
        await sleep(clock, 2_000, this.#stop.signal).catch(() => undefined);
        if (this.#stop.signal.aborted) return;
        const lease = await this.#leaderLease.get("sharder");
        await this.#leaderLease.replace({ ...lease, spec: { ...lease.spec, renewTime: formatMicroTime(clock.now()) } });
      }
    })();
  }

  /** Ends, and releases nothing. */
  crash(): void {
    this.#stop.abort();
  }

  /** Stops in order. */
  async release(): Promise<void> {
    this.crash();
    const lease = await this.#leaderLease.get("sharder");
    await this.#leaderLease.replace({
      ...lease,
      spec: { ...this.#term(), holderIdentity: "", leaseDurationSeconds: 1 },
    });
  }

  /** Its controller of rings: the webhook configuration by server-side apply without force, and the status. */
  async reconcileRing(shards: number): Promise<MutatingWebhookConfiguration> {
    const { name } = this.#world;
    const rings = new Api(this.#client, controllerRings, { fieldManager: program });
    const ring = await rings.get(name);
    const configurations = new Api(this.#client, mutatingWebhookConfigurations, {
      fieldManager: "controllerring-controller",
    });
    const applied = await configurations.apply(this.webhookConfiguration(ring));
    const condition = {
      type: "Ready",
      status: "True" as const,
      reason: "ReconciliationSucceeded",
      message: "ControllerRing was successfully reconciled",
      observedGeneration: ring.metadata.generation ?? 0,
      lastTransitionTime: new Date(this.#world.stage.clock.now()).toISOString().replace(/\.\d+Z$/, "Z"),
    };
    const others = ring.status?.conditions?.filter(({ type }) => type !== "Ready") ?? [];
    const status = {
      observedGeneration: ring.metadata.generation ?? 0,
      shards,
      availableShards: shards,
      conditions: [condition, ...others],
    };
    await rings.status.replace({ ...ring, status });
    return applied;
  }

  /** What it wants to be applied for the ring. */
  webhookConfiguration({ metadata: { name, uid = "" } }: ControllerRing): Draft<MutatingWebhookConfiguration> {
    const rule = (resource: string) => ({
      operations: ["CREATE", "UPDATE"],
      apiGroups: [""],
      apiVersions: ["*"],
      resources: [resource],
      scope: "*",
    });
    return {
      metadata: {
        name: `controllerring-${name}`,
        labels: {
          "app.kubernetes.io/name": "controller-sharding",
          "alpha.sharding.timebertt.dev/controllerring": name,
        },
        annotations: { "cert-manager.io/inject-ca-from": "sharding-system/webhook-server" },
        ownerReferences: [{
          apiVersion: "sharding.timebertt.dev/v1alpha1",
          kind: "ControllerRing",
          name,
          uid,
          controller: true,
          blockOwnerDeletion: true,
        }],
      },
      webhooks: [{
        name: "sharder.sharding.timebertt.dev",
        clientConfig: { url: `${this.#world.stage.clientConfig.url}/webhooks/sharder/controllerring/${name}` },
        rules: [rule("secrets"), rule("configmaps")],
        objectSelector: {
          matchExpressions: [{ key: `shard.alpha.sharding.timebertt.dev/${name}`, operator: "DoesNotExist" }],
        },
        namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } },
        failurePolicy: "Ignore",
        timeoutSeconds: 5,
        sideEffects: "None",
        admissionReviewVersions: ["v1"],
      }],
    };
  }

  /** Its controller of shards' Leases. */
  async labelLease(shard: string): Promise<void> {
    const patch = { metadata: { labels: { "alpha.sharding.timebertt.dev/state": "ready" } } };
    await this.#world.leases.patch(shard, { type: "merge", patch }, { fieldManager: program });
  }

  /** What its webhook would have done at the creation. */
  async assign(api: Api<KubeObject>, name: string, shard: string): Promise<void> {
    const patch = { metadata: { labels: { [this.#world.shardLabel]: shard } } };
    await api.patch(name, { type: "merge", patch }, { fieldManager: program });
  }

  /** Asks the shard of a Secret to let go of it. */
  async drain(name: string): Promise<void> {
    const patch = { metadata: { labels: { [this.#world.drainLabel]: "true" } } };
    await this.#world.secrets.patch(name, { type: "merge", patch }, { fieldManager: program });
  }

  /** cert-manager, which writes whom API servers have to trust. */
  async injectAuthority(): Promise<void> {
    const caBundle = this.#world.stage.clientConfig.caBundle ?? btoa("the authority that cert-manager made");
    const configurations = new Api(this.#client, mutatingWebhookConfigurations, { fieldManager: "cainjector" });
    const configuration = await configurations.get(`controllerring-${this.#world.name}`);
    const webhooks = (configuration.webhooks ?? []).map((webhook) => ({
      ...webhook,
      clientConfig: { ...webhook.clientConfig, caBundle },
    }));
    await configurations.replace({ ...configuration, webhooks });
  }

  /** A person who wants cert-manager to write it whatever the sharder says. */
  async askForInjection(): Promise<void> {
    const patch = { metadata: { annotations: { "cert-manager.io/inject-ca-from-secret": "sharding-system/ca" } } };
    const configurations = new Api(this.#client, mutatingWebhookConfigurations, { fieldManager: "kubectl-annotate" });
    await configurations.patch(`controllerring-${this.#world.name}`, { type: "merge", patch });
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
    this.#client.close?.();
  }

  #term(): NonNullable<Lease["spec"]> {
    const now = formatMicroTime(this.#world.stage.clock.now());
    return {
      holderIdentity: identity,
      leaseDurationSeconds: 15,
      acquireTime: now,
      renewTime: now,
      leaseTransitions: 1,
    };
  }
}
