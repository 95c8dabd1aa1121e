import assert from "node:assert/strict";
import { serveApi } from "../../../../lib/apiserver/http/mod.ts";
import { ApiServer } from "../../../../lib/apiserver/mod.ts";
import { systemClock, VirtualClock } from "../../../../lib/util/clock/mod.ts";
import { systemRandom } from "../../../../lib/util/random.ts";

/** What a client of these tests needs. */
interface Place extends AsyncDisposable {
  readonly server: ApiServer;
  readonly port: number;
  readonly token: string;
  readonly client: Deno.HttpClient;
  send(path: string, init?: RequestInit): Promise<Response>;
}

const configMaps = "/api/v1/namespaces/default/configmaps";
const encoder = new TextEncoder();

/** A server over TLS with a small buffer for watches. */
async function start({ http2 = true, watchBuffer = 20 } = {}): Promise<Place> {
  const server = new ApiServer({ clock: systemClock, random: systemRandom, watchBuffer, historyLimit: 100 });
  const listener = await serveApi(server);
  const client = Deno.createHttpClient({ caCerts: [listener.certificateAuthority ?? ""], http2 });
  const token = listener.users[0]?.token ?? "";
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  return {
    server,
    port: Number(new URL(listener.url).port),
    token,
    client,
    send: (path, init = {}) =>
      fetch(`${listener.url}${path}`, { client, ...init, headers: { ...headers, ...init.headers } }),
    async [Symbol.asyncDispose](): Promise<void> {
      client.close();
      server.close();
      await listener.close();
    },
  };
}

/** Creates a ConfigMap through the direct face. */
async function create({ server }: Place, name: string, size = 10): Promise<void> {
  using direct = server.client();
  const bodyJson = { metadata: { name }, data: { text: "x".repeat(size) } };
  await direct.performRequest({ method: "POST", path: configMaps, bodyJson, expectJson: true });
}

/** The lines of a stream as they come. */
async function* lines(response: Response): AsyncGenerator<string, void, undefined> {
  let rest = "";
  for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
}

for (const http2 of [true, false]) {
  const version = http2 ? "HTTP/2" : "HTTP/1.1";

  Deno.test(`200 watches over ${version} see every change, and give everything back when they are cut`, async () => {
    await using place = await start({ http2, watchBuffer: 1_000 });
    const { revision } = place.server;
    const abort = new AbortController();
    const path = `${configMaps}?watch=true&resourceVersion=${revision}`;
    const watches = await Promise.all(
      Array.from({ length: 200 }, () => place.send(path, { signal: abort.signal })),
    );
    const seen = watches.map(async (response) => {
      const names: string[] = [];
      for await (const line of lines(response)) {
        names.push(JSON.parse(line).object.metadata.name);
        if (names.length === 5) return names;
      }
      return names;
    });
    for (let index = 0; index < 5; index++) await create(place, `map-${index}`, 2_000);
    const expected = ["map-0", "map-1", "map-2", "map-3", "map-4"];
    for (const names of await Promise.all(seen)) assert.deepEqual(names, expected);
    abort.abort();
    // The connections are still good for others.
    const list = await place.send(configMaps);
    assert.equal((await list.json()).items.length, 5);
  });

  Deno.test(`a client that stops reading its watch over ${version} is cut, and holds nothing up`, async () => {
    await using place = await start({ http2 });
    const response = await place.send(`${configMaps}?watch=true&resourceVersion=${place.server.revision}`);
    const reader = response.body?.getReader();
    // Some MiB more than the buffers of both ends take. Nothing is kept for it but its place in the log.
    for (let index = 0; index < 200; index++) await create(place, `map-${index}`, 100_000);
    let size = 0;
    for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) size += part.value.length;
    assert.ok(size < 200 * 100_000, `${size} bytes came`);
  });
}

Deno.test("requests that are given up in the middle give everything back", async () => {
  // Over HTTP/2 Deno's client does not tell the server that it gives up a body.
  await using place = await start({ http2: false });
  const abort = new AbortController();
  const signal = abort.signal;
  // A body that never ends.
  const body = new ReadableStream({ start: (controller) => controller.enqueue(encoder.encode("{")) });
  const sending = assert.rejects(place.send(configMaps, { method: "POST", body, signal }), { name: "AbortError" });
  const watch = await place.send(`${configMaps}?watch=true`, { signal });
  const reading = assert.rejects(watch.text(), { name: "AbortError" });
  abort.abort();
  await Promise.all([sending, reading]);
  const answer = await place.send(configMaps);
  assert.equal(answer.status, 200);
  await answer.body?.cancel();
});

Deno.test("bodies of more than 3 MiB are refused, with and without a declared length", async () => {
  await using place = await start();
  const large = new Uint8Array(3 * 1_024 * 1_024 + 1).fill(0x20);
  const chunked = (): ReadableStream<Uint8Array> => new Blob([large]).stream();
  for (const body of [large, chunked()]) {
    const response = await place.send(configMaps, { method: "POST", body });
    assert.equal(response.status, 413);
    const { reason, message } = await response.json();
    assert.deepEqual([reason, message], ["RequestEntityTooLarge", "Request entity too large: limit is 3145728"]);
  }
  // Exactly as much as is taken: blanks before a small document.
  const document = encoder.encode(JSON.stringify({ metadata: { name: "small" } }));
  const body = new Uint8Array(3 * 1_024 * 1_024).fill(0x20);
  body.set(document, body.length - document.length);
  const response = await place.send(configMaps, { method: "POST", body });
  assert.equal(response.status, 201);
  await response.body?.cancel();
});

/** Writes raw bytes to a plain HTTP server and gives all that it answers until it closes the connection. */
async function raw(port: number, bytes: string): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const answer = new Response(connection.readable).text();
  const writer = connection.writable.getWriter();
  // The server may close before it has read everything.
  await writer.write(encoder.encode(bytes)).catch(() => undefined);
  return await answer.catch(() => "");
}

Deno.test("malformed HTTP and too many or too long headers end the connection and nothing else", async () => {
  using server = new ApiServer({ clock: systemClock, random: systemRandom });
  await using listener = await serveApi(server, {
    tls: false,
    anonymous: { username: "a", groups: ["system:masters"] },
  });
  const port = Number(new URL(listener.url).port);
  const get = "GET /api HTTP/1.1\r\nhost: a\r\nconnection: close\r\n";
  const abuses = [
    "this is no HTTP\r\n\r\n",
    "GET /api HTTP/9.9\r\n\r\n",
    `${get}no colon\r\n\r\n`,
    `${get}x: ${"y".repeat(1_000_000)}\r\n\r\n`,
    `${get}${Array.from({ length: 500 }, (_, index) => `x-${index}: y\r\n`).join("")}\r\n`,
    `POST /api HTTP/1.1\r\nhost: a\r\ncontent-length: x\r\n\r\n`,
    `POST /api HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n`,
  ];
  for (const abuse of abuses) {
    const answer = await raw(port, abuse);
    assert.match(answer, /^(HTTP\/1\.[01] [45]\d\d |$)/, JSON.stringify(abuse.slice(0, 60)));
  }
  assert.match(await raw(port, `${get}\r\n`), /^HTTP\/1\.1 200 /);
});

Deno.test("close() does not wait for connections that clients keep open", async () => {
  using server = new ApiServer({ clock: systemClock, random: systemRandom });
  const listener = await serveApi(server, { tls: false, anonymous: { username: "a", groups: ["system:masters"] } });
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(new URL(listener.url).port) });
  const reader = connection.readable.getReader();
  const writer = connection.writable.getWriter();
  await writer.write(encoder.encode("GET /readyz HTTP/1.1\r\nhost: a\r\n\r\n"));
  assert.match(new TextDecoder().decode((await reader.read()).value), /^HTTP\/1\.1 200 /);
  await listener.close();
  assert.equal((await reader.read()).done, true);
});

Deno.test("close() waits two seconds, and no longer, for an upload that does not end", async () => {
  const clock = new VirtualClock();
  using server = new ApiServer({ clock, random: systemRandom });
  const anonymous = { username: "a", groups: ["system:masters"] };
  const listener = await serveApi(server, { tls: false, anonymous, clock });
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(new URL(listener.url).port) });
  const writer = connection.writable.getWriter();
  const reader = connection.readable.getReader();
  const head = `POST ${configMaps} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n`;
  // The server asks for the body, so it is reading it.
  await writer.write(encoder.encode(`${head}expect: 100-continue\r\n\r\n`));
  assert.match(new TextDecoder().decode((await reader.read()).value), /^HTTP\/1\.1 100 /);
  let closed = false;
  const closing = listener.close().then(() => closed = true);
  await clock.advance(1_999);
  assert.equal(closed, false);
  await clock.advance(1);
  await closing;
});
