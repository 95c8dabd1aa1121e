import { whyForeign } from "../../../controllers/certificates/certificate_secret.ts";
import { serverNames } from "../../../controllers/certificates/server_names.ts";
import { WebhookCertificates } from "../../../controllers/certificates/webhook_certificates.ts";
import { ApiServer, type Fault, faults } from "../../../lib/apiserver/mod.ts";
import { Api } from "../../../lib/k8s/api/api.ts";
import { mutatingWebhookConfigurations } from "../../../lib/k8s/kinds/admissionregistration.ts";
import { namespaces, secrets } from "../../../lib/k8s/kinds/core.ts";
import type { MutatingWebhookConfiguration, Secret } from "../../../lib/k8s/types.ts";
import { Manager } from "../../../lib/runtime/manager.ts";
import { leaseRingLabel, webhookName } from "../../../lib/sharding/names.ts";
import { VirtualClock } from "../../../lib/util/clock/mod.ts";
import { seededRandom } from "../../../lib/util/random.ts";
import type { CertificatePair } from "../../../lib/certificates/mod.ts";

export const namespace = "sharding-system";
export const secretName = "sharder-webhook-certificate";
export const [minute, hour, day] = [60_000, 3_600_000, 24 * 3_600_000];

const unsupported: Fault = { type: "status", code: 422 };

/** One replica that looks after certificates. */
export interface Replica {
  readonly certificates: WebhookCertificates;
  /** What it gave its server so far. */
  readonly served: CertificatePair[];
  /** What goes wrong with its requests. */
  fault: Fault;
  stop(): Promise<void>;
}

/** An API server, a person on it, and replicas that share a Secret there. */
export class Replicas implements AsyncDisposable {
  readonly clock = new VirtualClock();
  readonly server = new ApiServer({ clock: this.clock, random: seededRandom(1) });
  readonly secrets = new Api(this.server.client(), secrets, { namespace });
  readonly configurations = new Api(this.server.client(), mutatingWebhookConfigurations);
  readonly #replicas: Replica[] = [];

  static async start(): Promise<Replicas> {
    const replicas = new Replicas();
    await new Api(replicas.server.client(), namespaces).create({ metadata: { name: namespace } });
    return replicas;
  }

  add(options: { readonly url?: string } = {}): Replica {
    const seed = this.#replicas.length + 2;
    const random = seededRandom(seed);
    const breaking = faults(this.clock, () => replica.fault);
    const client = this.server.client({
      userAgent: `replica-${seed}`,
      // Most of a year would be bookmarks, one each minute. Without them there are no streaming lists either.
      intercept: (request, next) => {
        const query = request.querystring;
        query?.delete("allowWatchBookmarks");
        if (query?.has("sendInitialEvents") === true) return faults(this.clock, () => unsupported)(request, next);
        return breaking(request, next);
      },
    });
    const certificates = new WebhookCertificates({
      secrets: new Api(client, secrets, { namespace, fieldManager: "sharder" }),
      configurations: new Api(client, mutatingWebhookConfigurations),
      namespace,
      names: serverNames(options),
      clock: this.clock,
      random,
      // And the rest of it watches that begin anew.
      watchTimeout: 30 * day,
    });
    const manager = new Manager({ clock: this.clock });
    for (const runnable of certificates.runnables) manager.add(runnable);
    const stop = new AbortController();
    const served: CertificatePair[] = [];
    const serving = (async () => {
      for await (const pair of certificates.changes(stop.signal)) served.push(pair);
    })();
    const done = manager.run(stop.signal);
    const replica: Replica = {
      certificates,
      served,
      fault: { type: "none" },
      stop: async () => {
        stop.abort();
        let isDone = false;
        void done.finally(() => isDone = true);
        await this.clock.advanceUntil(() => isDone, minute);
        await serving;
      },
    };
    this.#replicas.push(replica);
    return replica;
  }

  /** Starts as many, and waits until all have a certificate. */
  async ready(count: number): Promise<Replica[]> {
    const replicas = Array.from({ length: count }, () => this.add());
    await this.clock.advanceUntil(() => replicas.every(({ served }) => served.length > 0), minute);
    return replicas;
  }

  async secret(): Promise<Secret | undefined> {
    const secret = await this.secrets.find(secretName);
    return secret === undefined || whyForeign(secret) !== undefined ? undefined : secret;
  }

  /** The values of the Secret as text. */
  async data(): Promise<Record<string, string>> {
    const { data = {} } = await this.secrets.get(secretName);
    return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, atob(value)]));
  }

  /** Changes values of the Secret by hand; null removes one. */
  async damage(values: Readonly<Record<string, string | null>>): Promise<void> {
    const data = Object.entries(values).map(([key, value]) => [key, value === null ? null : btoa(value)]);
    await this.secrets.patch(secretName, { type: "merge", patch: { data: Object.fromEntries(data) } });
  }

  /** Writes the webhook configuration of a ring as the sharder's leader does. */
  async configure(ring: string, caBundle: string | undefined): Promise<void> {
    const name = `controllerring-${ring}`;
    const draft = {
      metadata: { name, labels: { [leaseRingLabel]: ring } },
      webhooks: [{
        name: webhookName,
        clientConfig: { url: "https://sharder.example", ...(caBundle === undefined ? {} : { caBundle }) },
        sideEffects: "None",
        admissionReviewVersions: ["v1"],
      }],
    };
    await this.configurations.apply(draft, { fieldManager: "test", force: true });
  }

  async bundleOf(ring: string): Promise<string | undefined> {
    const configuration: MutatingWebhookConfiguration = await this.configurations.get(`controllerring-${ring}`);
    return configuration.webhooks?.[0]?.clientConfig.caBundle;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const replica of this.#replicas) await replica.stop();
    this.server.close();
  }
}
