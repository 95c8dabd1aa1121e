import { clusterOf } from "../../../commands/common/system_parts.ts";
import type { Served } from "../../../commands/sharder/options.ts";
import { createAuthority, issueServingCertificate } from "../../../lib/certificates/issue.ts";
import { type CertificatePair, type CertificateSource, fixedSource } from "../../../lib/certificates/source.ts";
import type { RestClient } from "../../../lib/k8s/contract.ts";
import { type ClusterAccess, denoHost, loadClusterAccess } from "../../../lib/k8s/kubeconfig/mod.ts";
import type { WebhookClientConfig } from "../../../lib/k8s/types.ts";
import { systemClock } from "../../../lib/util/clock/mod.ts";
import { systemRandom } from "../../../lib/util/random.ts";
import type { WebhookApp } from "../../../webhook/app.ts";
import { WebhookServer } from "../../../webhook/server.ts";
import { type ControlPlane, startControlPlane } from "../../controlplane/control_plane.ts";
import { freePorts, loopback } from "../../controlplane/ports.ts";
import { serviceAccountUser } from "../../controlplane/users.ts";
import { type Actor, type Condition, delayOf, type Grant, type Rights, type Stage } from "../stage.ts";
import type { Ability } from "../suite.ts";
import { captureLogs } from "./captured_logs.ts";
import { accounts, createNamespace, grant, install } from "./installation.ts";
import { consistently, eventually } from "./real_time.ts";

const users = {
  sharder: serviceAccountUser(accounts.sharder.namespace, accounts.sharder.name),
  shard: serviceAccountUser(accounts.shard.namespace, accounts.shard.name),
};

/** kube-apiserver, etcd and kube-controller-manager, the webhooks over TLS on a port of this machine, real time. */
export class RealStage implements Stage {
  static readonly abilities: readonly Ability[] = ["restart"];
  readonly time = "real";
  readonly rights: Rights;
  readonly delay: number;
  readonly authorizes = true;
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
    rights: Rights,
  ) {
    this.rights = rights;
    this.delay = delayOf[rights];
    this.#controlPlane = controlPlane;
    this.#access = access;
    this.#certificate = certificate;
    this.#port = port;
    this.clientConfig = clientConfig;
  }

  /** Starts a control plane and applies the manifests. */
  static async start(rights: Rights = "ours"): Promise<RealStage> {
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
      const stage = new RealStage(controlPlane, access, certificate, port, clientConfig, rights);
      await captureLogs(systemClock, stage.logs);
      using admin = stage.connect("admin", "manifests");
      await install(admin, rights);
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

  /** For a program of its own: a kubeconfig file with an actor's rights. */
  kubeconfig(actor: Actor): string {
    return (actor === "admin" ? this.#controlPlane.admin : this.#controlPlane.user(users[actor].name)).kubeconfig;
  }

  /** All webhooks listen on one port, which the kernel shares out. */
  serveWebhook(app: WebhookApp, certificates: CertificateSource = fixedSource(this.#certificate)): Served {
    const address = { hostname: loopback, port: this.#port };
    return new WebhookServer({ address, app, certificates, clock: systemClock, grace: 0, closeWithin: 100 });
  }

  async createNamespace(name: string, labels: Readonly<Record<string, string>> = {}): Promise<void> {
    using admin = this.connect("admin", "manifests");
    await createNamespace(admin, name, labels);
  }

  async grant(name: string, rules: readonly Grant[]): Promise<void> {
    using admin = this.connect("admin", "manifests");
    await grant(admin, name, rules, this.rights);
  }

  async restart(): Promise<void> {
    await this.#controlPlane.stopApiServer({ kill: true });
    await this.#controlPlane.startApiServer();
  }

  eventually(what: string, condition: Condition, ms: number): Promise<void> {
    return eventually(what, condition, ms + this.delay, this.logs);
  }

  consistently(what: string, condition: Condition, ms: number): Promise<void> {
    return consistently(what, condition, ms);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#controlPlane[Symbol.asyncDispose]();
  }
}
