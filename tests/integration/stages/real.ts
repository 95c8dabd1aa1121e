import { clusterOf } from "../../../commands/common/system_parts.ts";
import type { Served } from "../../../commands/sharder/run.ts";
import { createAuthority, issueServingCertificate } from "../../../lib/certificates/issue.ts";
import { type CertificatePair, fixedSource } from "../../../lib/certificates/source.ts";
import { Api } from "../../../lib/k8s/api/api.ts";
import type { RestClient } from "../../../lib/k8s/contract.ts";
import { namespaces } from "../../../lib/k8s/kinds/core.ts";
import { type ClusterAccess, denoHost, loadClusterAccess } from "../../../lib/k8s/kubeconfig/mod.ts";
import type { WebhookClientConfig } from "../../../lib/k8s/types.ts";
import { systemClock } from "../../../lib/util/clock/mod.ts";
import { systemRandom } from "../../../lib/util/random.ts";
import type { WebhookApp } from "../../../webhook/app.ts";
import { WebhookServer } from "../../../webhook/server.ts";
import { type ControlPlane, startControlPlane } from "../../controlplane/control_plane.ts";
import { freePorts, loopback } from "../../controlplane/ports.ts";
import { serviceAccountUser } from "../../controlplane/users.ts";
import { create, manifest } from "../manifests.ts";
import { type Actor, type Condition, type Grant, jsonOf, type Stage } from "../stage.ts";
import { captureLogs, vain } from "./captured_logs.ts";

const users = {
  sharder: serviceAccountUser("sharding-system", "sharder"),
  shard: serviceAccountUser("default", "checksum-controller"),
};

const manifests = [
  "crds/namespace.yaml",
  "crds/sharding.timebertt.dev_controllerrings.yaml",
  "rbac/service_account.yaml",
  "rbac/sharder.yaml",
  "rbac/leader_election.yaml",
  "examples/checksum-controller/service_account.yaml",
  "examples/checksum-controller/rbac.yaml",
];

/** How often a condition is looked at, in milliseconds. */
const pollInterval = 40;

/** kube-apiserver, etcd and kube-controller-manager, the webhooks over TLS on a port of this machine, real time. */
export class RealStage implements Stage {
  readonly name = "real";
  readonly clock = systemClock;
  readonly random = systemRandom;
  readonly latency = 0;
  readonly logs: string[] = [];
  readonly clientConfig: WebhookClientConfig;
  readonly #controlPlane: ControlPlane;
  readonly #access: ReadonlyMap<Actor, ClusterAccess>;
  readonly #certificate: CertificatePair;
  readonly #port: number;

  private constructor(
    controlPlane: ControlPlane,
    access: ReadonlyMap<Actor, ClusterAccess>,
    certificate: CertificatePair,
    port: number,
    clientConfig: WebhookClientConfig,
  ) {
    this.#controlPlane = controlPlane;
    this.#access = access;
    this.#certificate = certificate;
    this.#port = port;
    this.clientConfig = clientConfig;
  }

  /** Starts a control plane and applies the manifests. */
  static async start(): Promise<RealStage> {
    const controlPlane = await startControlPlane({ users: Object.values(users) });
    try {
      const paths: [Actor, string][] = [
        ["admin", controlPlane.kubeconfig],
        ["sharder", controlPlane.user(users.sharder.name).kubeconfigPath],
        ["shard", controlPlane.user(users.shard.name).kubeconfigPath],
      ];
      const access = new Map<Actor, ClusterAccess>();
      for (const [actor, kubeconfig] of paths) {
        access.set(actor, await loadClusterAccess({ host: denoHost, clock: systemClock, flags: { kubeconfig } }));
      }
      const now = systemClock.now();
      const authority = await createAuthority({ now });
      const certificate = await issueServingCertificate(authority, { now, ipAddresses: [loopback] });
      const [port = 0] = freePorts(1);
      const caBundle = btoa(authority.certificate);
      const clientConfig = { url: `https://${loopback}:${port}`, caBundle };
      const stage = new RealStage(controlPlane, access, certificate, port, clientConfig);
      await captureLogs(systemClock, stage.logs);
      using admin = stage.connect("admin", "manifests");
      for (const file of manifests) for (const object of await manifest(file)) await create(admin, object);
      return stage;
    } catch (error) {
      await controlPlane[Symbol.asyncDispose]();
      throw error;
    }
  }

  connect(actor: Actor, userAgent: string): RestClient {
    const access = this.#access.get(actor);
    if (access === undefined) throw new Error(`there is no user ${actor}`);
    return clusterOf(access, systemClock, systemRandom).open({ userAgent });
  }

  /** All webhooks listen on one port, which the kernel shares out. */
  serveWebhook(app: WebhookApp): Served {
    const address = { hostname: loopback, port: this.#port };
    const certificates = fixedSource(this.#certificate);
    return new WebhookServer({ address, app, certificates, clock: systemClock, grace: 0, closeWithin: 100 });
  }

  async createNamespace(name: string, labels: Readonly<Record<string, string>> = {}): Promise<void> {
    using admin = this.connect("admin", "manifests");
    await new Api(admin, namespaces).create({ metadata: { name, labels: { ...labels } } });
    for (const object of await manifest("examples/checksum-controller/rbac.yaml")) {
      const { kind, metadata } = object;
      const fields = typeof metadata === "object" && !Array.isArray(metadata) ? metadata : {};
      if (kind === "Role" || kind === "RoleBinding") {
        await create(admin, { ...object, metadata: { ...fields, namespace: name } });
      }
    }
  }

  async grant(name: string, rules: readonly Grant[]): Promise<void> {
    using admin = this.connect("admin", "manifests");
    const apiVersion = "rbac.authorization.k8s.io/v1";
    await create(admin, { apiVersion, kind: "ClusterRole", metadata: { name }, rules: jsonOf(rules) });
    await create(admin, {
      apiVersion,
      kind: "ClusterRoleBinding",
      metadata: { name },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name },
      subjects: [{ kind: "ServiceAccount", namespace: "sharding-system", name: "sharder" }],
    });
  }

  async restart(): Promise<void> {
    await this.#controlPlane.stopApiServer({ kill: true });
    await this.#controlPlane.startApiServer();
  }

  async eventually(what: string, condition: Condition, ms: number): Promise<void> {
    const end = performance.now() + ms;
    while (!await condition()) {
      if (performance.now() > end) throw vain(what, ms, this.logs);
      await pause();
    }
  }

  async consistently(what: string, condition: Condition, ms: number): Promise<void> {
    const end = performance.now() + ms;
    while (true) {
      if (!await condition()) throw new Error(`it did not stay so for ${ms} ms that ${what}`);
      if (performance.now() > end) return;
      await pause();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#controlPlane[Symbol.asyncDispose]();
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, pollInterval));
}
