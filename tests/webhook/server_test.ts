import assert from "node:assert/strict";
import { createAuthority, issueServingCertificate } from "../../lib/certificates/issue.ts";
import type { CertificatePair, CertificateSource } from "../../lib/certificates/source.ts";
import { ListenError } from "../../lib/runtime/http_server.ts";
import type { BindAddress } from "../../lib/util/bind_address.ts";
import { BoundedQueue } from "../../lib/util/bounded_queue.ts";
import { systemClock, VirtualClock } from "../../lib/util/clock/mod.ts";
import { seededRandom } from "../../lib/util/random.ts";
import { webhookApp } from "../../webhook/app.ts";
import { WebhookServer } from "../../webhook/server.ts";
import { readAnswer } from "./answers.ts";
import { exampleRing, review } from "./rings.ts";

const body = JSON.stringify(review());
const loopback: BindAddress = { hostname: "127.0.0.1", port: 0 };

interface Issued {
  /** What a client has to trust. */
  readonly authority: string;
  readonly pair: CertificatePair;
}

async function issue(): Promise<Issued> {
  const now = systemClock.now();
  const authority = await createAuthority({ now });
  const pair = await issueServingCertificate(authority, { ipAddresses: ["127.0.0.1"], now });
  return { authority: authority.certificate, pair };
}

/** A source that gives what it is handed, when it is handed it. */
class HandedSource implements CertificateSource {
  readonly #pairs = new BoundedQueue<CertificatePair>();
  #current: CertificatePair | undefined;

  hand(pair: CertificatePair): void {
    this.#current = pair;
    this.#pairs.push(pair);
  }

  current(): CertificatePair | undefined {
    return this.#current;
  }

  async *changes(signal: AbortSignal): AsyncGenerator<CertificatePair, void, undefined> {
    signal.addEventListener("abort", () => this.#pairs.close(), { once: true });
    yield* this.#pairs;
  }
}

interface Running {
  readonly clock: VirtualClock;
  readonly source: HandedSource;
  readonly server: WebhookServer;
  /** Stops the server as a program would, and waits for its end. */
  stop(): Promise<void>;
  readonly signal: AbortController;
  readonly ended: Promise<void>;
}

function run(address: BindAddress, kill?: AbortSignal, sharePort = true): Running {
  const clock = new VirtualClock();
  const source = new HandedSource();
  const app = webhookApp({ lookup: () => exampleRing(), random: seededRandom(1), clock });
  const settings = { grace: 3_000, handOver: 2_000, sharePort };
  const server = new WebhookServer({ address, app, certificates: source, clock, ...settings });
  const signal = new AbortController();
  const ended = server.run(signal.signal, kill);
  return {
    clock,
    source,
    server,
    signal,
    ended,
    stop: async () => {
      signal.abort();
      await clock.advance(3_000);
      await ended;
      assert.equal(clock.pending, 0);
    },
  };
}

function clientFor(authorities: readonly string[], options: Deno.CreateHttpClientOptions = {}): Deno.HttpClient {
  return Deno.createHttpClient({ caCerts: [...authorities], ...options });
}

async function ask(client: Deno.HttpClient, { port }: BindAddress): Promise<void> {
  const url = `https://127.0.0.1:${port}/webhooks/sharder/controllerring/example?timeout=2s`;
  const headers = { "content-type": "application/json" };
  const response = await fetch(url, { method: "POST", headers, body, client });
  assert.equal(response.status, 200);
  assert.notEqual(readAnswer(await response.text()).patch, undefined);
}

/** Clients that ask without a pause until they are stopped. */
class Load {
  #answered = 0;
  #stopped = false;
  #waiting: { readonly count: number; readonly resolve: () => void } | undefined;
  readonly #done: Promise<unknown>;

  constructor(client: Deno.HttpClient, address: BindAddress) {
    this.#done = Promise.all(Array.from({ length: 8 }, async () => {
      while (!this.#stopped) {
        await ask(client, address);
        this.#answered++;
        if (this.#waiting !== undefined && this.#answered >= this.#waiting.count) this.#waiting.resolve();
      }
    }));
  }

  /** Waits for so many further answers. Fails when a request does. */
  async answers(count: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting = { count: this.#answered + count, resolve };
    await Promise.race([promise, this.#done]);
  }

  /** @throws what a request failed with. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }
}

for (const [version, options] of [["HTTP/1.1", { http2: false }], ["HTTP/2", { http1: false }]] as const) {
  Deno.test(`WebhookServer answers over TLS with ${version}`, async () => {
    const { source, server, stop } = run(loopback);
    const { authority, pair } = await issue();
    source.hand(pair);
    const address = await server.whenListening();
    using client = clientFor([authority], options);
    await ask(client, address);
    await stop();
  });
}

Deno.test("WebhookServer is not ready before it has a certificate, and ends at once without one", async () => {
  const { server, signal, ended } = run(loopback);
  assert.throws(() => server.check(), /does not listen/);
  assert.equal(server.certificate(), undefined);
  signal.abort();
  await ended;
});

Deno.test("WebhookServer answers for some time after the signal to stop", async () => {
  const { clock, source, server, signal, ended } = run(loopback);
  const { authority, pair } = await issue();
  source.hand(pair);
  const address = await server.whenListening();
  server.check();
  assert.equal(server.certificate(), pair.certificate);
  using client = clientFor([authority], { http2: false });
  await ask(client, address);
  signal.abort();
  await clock.advance(2_999);
  await ask(client, address);
  await clock.advance(1);
  await ended;
  await assert.rejects(ask(client, address), TypeError);
});

Deno.test("WebhookServer does not wait when it is killed", async () => {
  const kill = new AbortController();
  const { source, server, signal, ended } = run(loopback, kill.signal);
  source.hand((await issue()).pair);
  await server.whenListening();
  signal.abort();
  kill.abort();
  await ended;
});

Deno.test("WebhookServer says where it could not listen", async () => {
  const blocker = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = blocker.addr;
  const { source, server, ended } = run({ hostname: "127.0.0.1", port });
  source.hand((await issue()).pair);
  const failed = (error: unknown): boolean =>
    error instanceof ListenError && error.message.includes(`webhook server cannot listen on 127.0.0.1:${port}`);
  await assert.rejects(ended, failed);
  await assert.rejects(server.whenListening(), failed);
  blocker.close();
});

Deno.test("WebhookServer goes on with the old certificate when it cannot use the new one", async () => {
  const { clock, source, server, stop } = run(loopback);
  const { authority, pair } = await issue();
  source.hand({ certificate: "nonsense", key: "nonsense" });
  source.hand(pair);
  const address = await server.whenListening();
  source.hand({ certificate: pair.certificate, key: (await issue()).pair.key });
  // Where the port is not shared, the old listener has to end first, which takes a moment of real time.
  for (let look = 0; look < 20; look++) await clock.advance(10);
  using client = clientFor([authority], { http2: false });
  await ask(client, address);
  await stop();
});

Deno.test({
  name: "WebhookServer loses no request when the certificate changes under load",
  fn: async () => {
    const { clock, source, server, stop } = run(loopback);
    const [old, renewed] = [await issue(), await issue()];
    source.hand(old.pair);
    const address = await server.whenListening();
    using client = clientFor([old.authority, renewed.authority], { http2: false });
    const load = new Load(client, address);
    await load.answers(200);
    source.hand(renewed.pair);
    await load.answers(400);
    await clock.advance(2_000);
    await load.answers(400);
    await load.stop();
    using trustsOld = clientFor([old.authority]);
    await assert.rejects(ask(trustsOld, address), TypeError);
    using trustsRenewed = clientFor([renewed.authority]);
    await ask(trustsRenewed, address);
    await stop();
  },
});

Deno.test("WebhookServer goes over to a new certificate also where listeners cannot share the port", async () => {
  const { clock, source, server, stop } = run(loopback, undefined, false);
  const [old, renewed] = [await issue(), await issue()];
  source.hand(old.pair);
  const address = await server.whenListening();
  source.hand(renewed.pair);
  for (let look = 0; look < 20; look++) await clock.advance(10);
  using trustsRenewed = clientFor([renewed.authority]);
  await ask(trustsRenewed, address);
  await stop();
});
