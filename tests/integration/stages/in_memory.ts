import { ApiServer, type Intercept, serviceAccountUser } from "../../../lib/apiserver/mod.ts";
import type { RequestOptions, RestClient } from "../../../lib/k8s/contract.ts";
import { consistently, eventually } from "../../../lib/testing/conditions.ts";
import { Webhooks } from "../../../lib/testing/webhooks.ts";
import { VirtualClock } from "../../../lib/util/clock/mod.ts";
import { seededRandom } from "../../../lib/util/random.ts";
import { untilAborted } from "../../../lib/util/until_aborted.ts";
import type { Served } from "../../../commands/sharder/options.ts";
import type { WebhookApp } from "../../../webhook/app.ts";
import { type Actor, type Condition, delayOf, type Grant, type Rights, type Stage } from "../stage.ts";
import type { Ability } from "../suite.ts";
import { captureLogs, vain } from "./captured_logs.ts";
import { accounts, createNamespace, grant, install } from "./installation.ts";

const origin = "https://webhook.example";

/** Everything in this process: the API server in memory, webhooks called as functions, and time that tests move. */
export class InMemoryStage implements Stage {
  static readonly abilities: readonly Ability[] = ["virtual time", "compaction"];
  readonly time = "virtual";
  readonly rights: Rights;
  readonly delay: number;
  readonly authorizes = true;
  readonly clock = new VirtualClock();
  readonly random = seededRandom(1);
  readonly latency = 10;
  readonly clientConfig = { url: origin };
  readonly logs: string[] = [];
  /** Is told of each request before it is sent. */
  onRequest: (actor: Actor, request: RequestOptions) => void = () => undefined;
  readonly server = new ApiServer({
    clock: this.clock,
    random: seededRandom(2),
    callWebhook: (config, review, signal) => this.#webhooks.call(config, review, signal),
  });
  readonly #webhooks = new Webhooks();

  private constructor(rights: Rights) {
    this.rights = rights;
    this.delay = delayOf[rights];
  }

  /** The API server with the manifests applied. */
  static async start(rights: Rights = "ours"): Promise<InMemoryStage> {
    const stage = new InMemoryStage(rights);
    await captureLogs(stage.clock, stage.logs);
    using admin = stage.connect("admin", "manifests");
    await install(admin, rights);
    return stage;
  }

  connect(actor: Actor, userAgent: string): RestClient {
    if (actor === "admin") return this.server.client({ user: actor, userAgent });
    const { namespace, name } = accounts[actor];
    const intercept: Intercept = (request, next) => {
      this.onRequest(actor, request);
      return next(request);
    };
    return this.server.client({ user: serviceAccountUser(namespace, name), userAgent, intercept });
  }

  serveWebhook(app: WebhookApp): Served {
    return {
      name: "webhook",
      check: () => undefined,
      run: async (signal) => {
        using _app = app;
        using _listener = this.#webhooks.serve(origin, (request) => app.handle(request));
        await untilAborted(signal);
      },
    };
  }

  async createNamespace(name: string, labels: Readonly<Record<string, string>> = {}): Promise<void> {
    using admin = this.connect("admin", "manifests");
    await createNamespace(admin, name, labels);
  }

  async grant(name: string, rules: readonly Grant[]): Promise<void> {
    using admin = this.connect("admin", "manifests");
    await grant(admin, name, rules, this.rights);
  }

  compact(): void {
    this.server.compact();
  }

  async eventually(what: string, condition: Condition, ms: number): Promise<void> {
    await eventually(this.clock, condition, ms + this.delay, () => vain(what, ms, this.logs).message);
  }

  async consistently(what: string, condition: Condition, ms: number): Promise<void> {
    await consistently(this.clock, condition, ms, () => `it did not stay so for ${ms} ms that ${what}`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.server.close();
    return Promise.resolve();
  }
}
