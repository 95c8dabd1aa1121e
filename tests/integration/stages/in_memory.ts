import { ApiServer } from "../../../lib/apiserver/mod.ts";
import { Api } from "../../../lib/k8s/api/api.ts";
import type { JSONObject, JSONValue, RestClient } from "../../../lib/k8s/contract.ts";
import { ConnectionError } from "../../../lib/k8s/errors.ts";
import { namespaces } from "../../../lib/k8s/kinds/core.ts";
import { VirtualClock } from "../../../lib/util/clock/mod.ts";
import { seededRandom } from "../../../lib/util/random.ts";
import type { Served } from "../../../commands/sharder/run.ts";
import type { WebhookApp } from "../../../webhook/app.ts";
import { create, manifest } from "../manifests.ts";
import type { Actor, Condition, Stage } from "../stage.ts";
import type { Ability } from "../suite.ts";
import { captureLogs, vain } from "./captured_logs.ts";

const origin = "https://webhook.example";

/** Everything in this process: the API server in memory, webhooks called as functions, and time that tests move. */
export class InMemoryStage implements Stage {
  static readonly abilities: readonly Ability[] = ["virtual time", "compaction"];
  readonly time = "virtual";
  readonly authorizes = false;
  readonly clock = new VirtualClock();
  readonly random = seededRandom(1);
  readonly latency = 10;
  readonly clientConfig = { url: origin };
  readonly logs: string[] = [];
  readonly server = new ApiServer({
    clock: this.clock,
    random: seededRandom(2),
    callWebhook: (config, review, signal) => this.#callWebhook(config, review, signal),
  });
  readonly #webhooks: WebhookApp[] = [];

  /** The API server with the manifests applied. */
  static async start(): Promise<InMemoryStage> {
    const stage = new InMemoryStage();
    await captureLogs(stage.clock, stage.logs);
    using admin = stage.connect("admin", "manifests");
    for (const file of ["crds/namespace.yaml", "crds/sharding.timebertt.dev_controllerrings.yaml"]) {
      for (const object of await manifest(file)) await create(admin, object);
    }
    return stage;
  }

  connect(actor: Actor, userAgent: string): RestClient {
    return this.server.client({ user: actor, userAgent });
  }

  serveWebhook(app: WebhookApp): Served {
    return {
      name: "webhook",
      check: () => undefined,
      run: async (signal) => {
        this.#webhooks.push(app);
        await new Promise<void>((resolve) => {
          if (signal.aborted) resolve();
          signal.addEventListener("abort", () => resolve(), { once: true });
        });
        this.#webhooks.splice(this.#webhooks.indexOf(app), 1);
        app[Symbol.dispose]();
      },
    };
  }

  async createNamespace(name: string, labels: Readonly<Record<string, string>> = {}): Promise<void> {
    using admin = this.connect("admin", "manifests");
    await new Api(admin, namespaces).create({ metadata: { name, labels: { ...labels } } });
  }

  grant(): Promise<void> {
    return Promise.resolve(); // Everybody may do everything here.
  }

  compact(): void {
    this.server.compact();
  }

  async eventually(what: string, condition: Condition, ms: number): Promise<void> {
    try {
      await this.clock.advanceUntil(condition, ms);
    } catch (cause) {
      throw vain(what, ms, this.logs, cause);
    }
  }

  async consistently(what: string, condition: Condition, ms: number): Promise<void> {
    const end = this.clock.monotonic() + ms;
    while (true) {
      if (!await condition()) throw new Error(`it did not stay so for ${ms} ms that ${what}`);
      const rest = end - this.clock.monotonic();
      if (rest <= 0) return;
      await this.clock.advance(Math.min(this.clock.next ?? rest, rest));
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.server.close();
    return Promise.resolve();
  }

  /** As a service with several endpoints does: one after the other. */
  async #callWebhook(config: JSONObject, review: JSONObject, signal: AbortSignal): Promise<JSONValue> {
    const { url } = config;
    const app = this.#webhooks.shift();
    if (app === undefined) throw new ConnectionError(`nobody listens at ${url}`);
    this.#webhooks.push(app);
    const request = new Request(String(url), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(review),
      signal,
    });
    const response = await app.handle(request);
    const body = await response.text();
    if (response.status !== 200) throw new ConnectionError(`${url} answers ${response.status}: ${body}`);
    return JSON.parse(body);
  }
}
