import assert from "node:assert/strict";
import { createAuthority, issueServingCertificate } from "../../lib/certificates/issue.ts";
import { startHttpServer } from "../../lib/runtime/http_server.ts";
import { systemClock, VirtualClock } from "../../lib/util/clock/mod.ts";
import { seededRandom } from "../../lib/util/random.ts";
import { type WebhookApp, webhookApp } from "../../webhook/app.ts";
import { type Answer, readAnswer } from "./answers.ts";
import { exampleRing, review } from "./rings.ts";

const path = "/webhooks/sharder/controllerring/example";
const body = JSON.stringify(review());

/** The webhook behind TLS on a port of this machine, and clients that connect to it. */
class Served implements AsyncDisposable {
  readonly app: WebhookApp;
  readonly clock = new VirtualClock();
  readonly port: number;
  readonly #close: () => Promise<void>;
  readonly #authority: string;
  readonly #client: Deno.HttpClient;
  readonly #multiplexed: Deno.HttpClient;

  private constructor(
    authority: string,
    tls: { readonly certificate: string; readonly key: string },
    maxRequests: number,
  ) {
    const { clock } = this;
    this.app = webhookApp({ lookup: () => exampleRing(), random: seededRandom(1), clock, maxRequests });
    const address = { hostname: "127.0.0.1", port: 0 };
    const server = startHttpServer({ name: "webhook", address, tls, clock, handler: this.app.handle });
    this.port = server.address.port;
    this.#close = () => server.close(1_000, AbortSignal.abort());
    this.#authority = authority;
    this.#client = Deno.createHttpClient({ caCerts: [authority], http2: false });
    this.#multiplexed = Deno.createHttpClient({ caCerts: [authority], http1: false });
  }

  static async start(maxRequests = 1_000): Promise<Served> {
    const now = systemClock.now();
    const authority = await createAuthority({ now });
    const pair = await issueServingCertificate(authority, { ipAddresses: ["127.0.0.1"], now });
    return new Served(authority.certificate, pair, maxRequests);
  }

  async ask(): Promise<Answer> {
    const headers = { "content-type": "application/json" };
    const url = `https://127.0.0.1:${this.port}${path}?timeout=2s`;
    const response = await fetch(url, { method: "POST", headers, body, client: this.#client });
    assert.equal(response.status, 200);
    return readAnswer(await response.text());
  }

  /** Begins a request over HTTP/2, all of them on one connection, and does not end it. Gives the status of the answer. */
  async stall(signal: AbortSignal): Promise<number> {
    const headers = { "content-type": "application/json" };
    const beginning = new ReadableStream<Uint8Array>({
      start(controller): void {
        controller.enqueue(new TextEncoder().encode('{"kind":'));
        signal.addEventListener("abort", () => controller.error(signal.reason), { once: true });
      },
    });
    const url = `https://127.0.0.1:${this.port}${path}`;
    const response = await fetch(url, { method: "POST", headers, body: beginning, client: this.#multiplexed });
    await response.body?.cancel();
    return response.status;
  }

  /** Connects, and sends what a slow client has sent so far. */
  async connect(beginning: string): Promise<Deno.TlsConn> {
    const connection = await Deno.connectTls({ hostname: "127.0.0.1", port: this.port, caCerts: [this.#authority] });
    await connection.write(new TextEncoder().encode(beginning));
    return connection;
  }

  /** Waits until so many requests are under way. What the clients sent is on its way through the machine. */
  async underWay(requests: number): Promise<void> {
    while (this.app.inFlight !== requests) await this.ask();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.close();
    this.#multiplexed.close();
    await this.#close();
    this.app[Symbol.dispose]();
  }
}

function head(...headers: readonly string[]): string {
  return [`POST ${path} HTTP/1.1`, "host: localhost", "content-type: application/json", ...headers].join("\r\n");
}

async function statusOf(connection: Deno.Conn): Promise<number> {
  const buffer = new Uint8Array(1_000);
  const size = await connection.read(buffer);
  return Number(new TextDecoder().decode(buffer.subarray(0, size ?? 0)).split(" ")[1]);
}

const slowBodies = [
  { what: "never send their body", beginning: `${head("content-length: 100")}\r\n\r\n` },
  { what: "never end their body", beginning: `${head("content-length: 7000000")}\r\n\r\n{"kind":` },
  {
    what: "send their body in chunks without end",
    beginning: `${head("transfer-encoding: chunked")}\r\n\r\n1\r\n{\r\n`,
  },
];

for (const { what, beginning } of slowBodies) {
  Deno.test(`the webhook answers others at once while clients ${what}, and gives those up after their time`, async () => {
    await using served = await Served.start();
    const clients = await Promise.all(Array.from({ length: 30 }, () => served.connect(beginning)));
    await served.underWay(30);
    assert.notEqual((await served.ask()).patch, undefined);
    await served.clock.advance(20_000);
    for (const client of clients) assert.equal(await statusOf(client), 408);
    assert.equal(served.app.inFlight, 0);
    for (const client of clients) client.close();
  });
}

Deno.test("the webhook answers others at once while streams of one HTTP/2 connection never end", async () => {
  await using served = await Served.start();
  const over = new AbortController();
  const answers = Array.from({ length: 30 }, () => served.stall(over.signal));
  await served.underWay(30);
  assert.notEqual((await served.ask()).patch, undefined);
  await served.clock.advance(20_000);
  assert.deepEqual(new Set(await Promise.all(answers)), new Set([408]));
  assert.equal(served.app.inFlight, 0);
  over.abort();
});

Deno.test("the webhook answers at once while others never finish their handshake or the head of their request", async () => {
  await using served = await Served.start();
  const address = { hostname: "127.0.0.1", port: served.port };
  const clients: Deno.Conn[] = [];
  for (let i = 0; i < 30; i++) clients.push(await Deno.connect(address), await served.connect(head("x-slow: ")));
  for (let i = 0; i < 10; i++) assert.notEqual((await served.ask()).patch, undefined);
  assert.equal(served.app.inFlight, 0);
  for (const client of clients) client.close();
});

Deno.test("the webhook lets requests through unassigned while slow clients hold all that may be under way", async () => {
  await using served = await Served.start(10);
  const clients = await Promise.all(
    Array.from({ length: 10 }, () => served.connect(`${head("content-length: 100")}\r\n\r\n`)),
  );
  await served.underWay(10);
  const { patch, message } = await served.ask();
  assert.deepEqual([patch, message], [undefined, "too many requests, not assigned"]);
  await served.clock.advance(20_000);
  for (const client of clients) assert.equal(await statusOf(client), 408);
  assert.notEqual((await served.ask()).patch, undefined);
  for (const client of clients) client.close();
});
