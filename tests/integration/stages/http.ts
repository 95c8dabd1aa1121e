import { clusterOf } from "../../../commands/common/system_parts.ts";
import type { Served } from "../../../commands/sharder/options.ts";
import { type ApiListener, serveApi, type TokenUser, WebhookClient } from "../../../lib/apiserver/http/mod.ts";
import { ApiServer } from "../../../lib/apiserver/mod.ts";
import { type CertificatePair, type CertificateSource, fixedSource } from "../../../lib/certificates/mod.ts";
import { createAuthority, issueServingCertificate } from "../../../lib/certificates/issue.ts";
import type { RestClient } from "../../../lib/k8s/contract.ts";
import { staticCredentials } from "../../../lib/k8s/kubeconfig/cluster_access.ts";
import type { WebhookClientConfig } from "../../../lib/k8s/types.ts";
import { systemClock } from "../../../lib/util/clock/mod.ts";
import { systemRandom } from "../../../lib/util/random.ts";
import type { WebhookApp } from "../../../webhook/app.ts";
import { WebhookServer } from "../../../webhook/server.ts";
import { loopback } from "../../controlplane/ports.ts";
import type { Actor, Condition, Grant, Stage } from "../stage.ts";
import type { Ability } from "../suite.ts";
import { accounts, createNamespace, grant, install } from "./installation.ts";
import { consistently, eventually } from "./real_time.ts";
import { Service } from "./service.ts";

/** Certificate of the webhooks; stages can share one. */
export interface WebhookCertificate {
  readonly pair: CertificatePair;
  /** PEM. */
  readonly authority: string;
}

/** Issues a certificate for webhooks on this machine. */
export async function issueWebhookCertificate(): Promise<WebhookCertificate> {
  const now = systemClock.now();
  const authority = await createAuthority({ now });
  const pair = await issueServingCertificate(authority, { now, ipAddresses: [loopback] });
  return { pair, authority: authority.certificate };
}

function userOf(actor: Actor): TokenUser {
  if (actor === "admin") return { username: "admin", groups: ["system:masters"], token: "admin" };
  const { namespace, name } = accounts[actor];
  return {
    username: `system:serviceaccount:${namespace}:${name}`,
    groups: ["system:serviceaccounts", `system:serviceaccounts:${namespace}`],
    token: actor,
  };
}

/**
 * The API server in memory behind TLS on a port of this machine, our clients over the network, webhooks over TLS as
 * well, real time.
 */
export class HttpStage implements Stage {
  static readonly abilities: readonly Ability[] = ["compaction"];
  readonly time = "real";
  readonly rights = "ours";
  readonly delay = 0;
  readonly authorizes = true;
  readonly clock = systemClock;
  readonly random = systemRandom;
  readonly latency = 0;
  readonly logs: readonly string[];
  readonly clientConfig: WebhookClientConfig;
  readonly #server: ApiServer;
  readonly #listener: ApiListener;
  readonly #webhooks: Service;
  readonly #certificate: CertificatePair;
  readonly #resources: AsyncDisposableStack;

  private constructor(
    server: ApiServer,
    listener: ApiListener,
    webhooks: Service,
    certificate: WebhookCertificate,
    logs: readonly string[],
    resources: AsyncDisposableStack,
  ) {
    this.#server = server;
    this.#listener = listener;
    this.#webhooks = webhooks;
    this.#certificate = certificate.pair;
    this.#resources = resources;
    this.logs = logs;
    this.clientConfig = {
      url: `https://${loopback}:${webhooks.port}`,
      caBundle: btoa(certificate.authority),
    };
  }

  /**
   * Starts the API server and applies the manifests.
   * @param logs where the log lines of this stage's processes arrive.
   */
  static async start(certificate: WebhookCertificate, logs: readonly string[]): Promise<HttpStage> {
    await using resources = new globalThis.AsyncDisposableStack();
    const { call: callWebhook } = resources.use(new WebhookClient());
    const server = resources.use(
      new ApiServer({ clock: systemClock, random: systemRandom, callWebhook }),
    );
    const users = [userOf("admin"), userOf("sharder"), userOf("shard")];
    const listener = resources.use(await serveApi(server, { users }));
    const webhooks = resources.use(new Service());
    const stage = new HttpStage(server, listener, webhooks, certificate, logs, resources.move());
    using admin = stage.connect("admin", "manifests");
    await install(admin);
    return stage;
  }

  /** Connections for Leases use the transport that is needed for server names; all others use fetch and HTTP/2. */
  connect(actor: Actor, userAgent: string): RestClient {
    const { url, certificateAuthority = "" } = this.#listener;
    const access = {
      server: url,
      certificateAuthority,
      namespace: "default",
      credentials: staticCredentials({ authorization: `Bearer ${userOf(actor).token}` }),
      source: "test",
      ...(userAgent.endsWith("/leases") ? { tlsServerName: "localhost" } : {}),
    };
    return clusterOf(access, systemClock, systemRandom).open({ userAgent });
  }

  /** For a program of its own: a kubeconfig file with an actor's rights. */
  kubeconfig(actor: Actor): string {
    return this.#listener.kubeconfig(userOf(actor).username);
  }

  serveWebhook(app: WebhookApp, certificates: CertificateSource = fixedSource(this.#certificate)): Served {
    const server = new WebhookServer({
      address: { hostname: loopback, port: 0 },
      app,
      certificates,
      clock: systemClock,
      grace: 0,
      closeWithin: 100,
    });
    return {
      name: server.name,
      check: server.check,
      run: async (signal, kill) => {
        const running = server.run(signal, kill);
        const { port } = await server.whenListening();
        using _endpoint = this.#webhooks.add(port);
        await running;
      },
    };
  }

  async createNamespace(name: string, labels: Readonly<Record<string, string>> = {}): Promise<void> {
    using admin = this.connect("admin", "manifests");
    await createNamespace(admin, name, labels);
  }

  async grant(name: string, rules: readonly Grant[]): Promise<void> {
    using admin = this.connect("admin", "manifests");
    await grant(admin, name, rules);
  }

  compact(): void {
    this.#server.compact();
  }

  eventually(what: string, condition: Condition, ms: number): Promise<void> {
    return eventually(what, condition, ms, this.logs);
  }

  consistently(what: string, condition: Condition, ms: number): Promise<void> {
    return consistently(what, condition, ms);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }
}
