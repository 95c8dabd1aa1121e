import assert from "node:assert/strict";
import { HttpService, ListenError, startHttpServer, TlsError } from "../../../lib/runtime/http_server.ts";
import { VirtualClock } from "../../../lib/util/clock/mod.ts";

const address = { hostname: "127.0.0.1", port: 0 };

Deno.test("startHttpServer() listens on all addresses when none is given, and reports the real port", async () => {
  const options = { name: "test", address: { hostname: "", port: 0 }, handler: () => new Response("hello") };
  const server = startHttpServer({ ...options, clock: new VirtualClock() });
  assert.notEqual(server.address.port, 0);
  const response = await fetch(`http://127.0.0.1:${server.address.port}`);
  assert.equal(await response.text(), "hello");
  await server.close(1_000);
});

Deno.test("startHttpServer() answers 500 without details when the handler fails", async () => {
  const handler = (): Response => {
    throw new Error("a secret");
  };
  const server = startHttpServer({ name: "test", address, handler, clock: new VirtualClock() });
  const response = await fetch(`http://127.0.0.1:${server.address.port}`);
  assert.deepEqual([response.status, await response.text()], [500, "internal server error\n"]);
  await server.close(1_000);
});

Deno.test("startHttpServer() names the address that it cannot listen on", () => {
  using blocker = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const taken = { hostname: "127.0.0.1", port: blocker.addr.port };
  const options = { name: "health", address: taken, handler: () => new Response(), clock: new VirtualClock() };
  assert.throws(
    () => startHttpServer(options),
    (error) =>
      error instanceof ListenError && error.message.includes(`health server cannot listen on 127.0.0.1:${taken.port}`),
  );
});

Deno.test("startHttpServer() tells a bad certificate from a bad address", () => {
  const tls = { certificate: "nonsense", key: "nonsense" };
  const options = { name: "test", address, handler: () => new Response(), clock: new VirtualClock(), tls };
  assert.throws(() => startHttpServer(options), TlsError);
});

Deno.test("HttpServer.close() lets a request that is being answered finish", async () => {
  const [begun, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const handler = async (): Promise<Response> => {
    begun.resolve();
    await go.promise;
    return new Response("late");
  };
  const clock = new VirtualClock();
  const server = startHttpServer({ name: "test", address, handler, clock });
  const response = fetch(`http://127.0.0.1:${server.address.port}`);
  await begun.promise;
  const closed = server.close(1_000);
  go.resolve();
  assert.equal(await (await response).text(), "late");
  await closed;
  assert.equal(clock.pending, 0);
});

Deno.test("HttpService listens while it runs", async () => {
  const handler = (): Response => new Response("hello");
  const service = new HttpService({ name: "test", address, handler, clock: new VirtualClock() });
  const stop = new AbortController();
  const ended = service.run(stop.signal);
  const { port } = await service.whenListening();
  assert.equal(await (await fetch(`http://127.0.0.1:${port}`)).text(), "hello");
  stop.abort();
  await ended;
  await assert.rejects(fetch(`http://127.0.0.1:${port}`), TypeError);
});

/** The lines that a process writes. */
async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, void, undefined> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

Deno.test("startHttpServer() answers on, and listens again, when more connections come than the process may have", async () => {
  const script = new URL("crowded_server.ts", import.meta.url).pathname;
  const command = ['ulimit -n 50; exec "$0" "$@"', Deno.execPath(), "run", "-A", script];
  const process = new Deno.Command("sh", { args: ["-c", ...command], stdin: "piped", stdout: "piped" }).spawn();
  const [output, input] = [linesOf(process.stdout), process.stdin.getWriter()];
  const read = async (): Promise<string> => {
    const { value } = await output.next();
    assert.ok(typeof value === "string", "the process has ended");
    return value;
  };
  const port = Number(await read());
  const connect = (): Promise<Deno.TcpConn> => Deno.connect({ hostname: "127.0.0.1", port });
  async function ask(connection: Deno.TcpConn): Promise<string> {
    await connection.write(new TextEncoder().encode("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"));
    const buffer = new Uint8Array(1_000);
    const size = await connection.read(buffer);
    return new TextDecoder().decode(buffer.subarray(0, size ?? 0));
  }
  using first = await connect();
  assert.match(await ask(first), /hello$/);
  const crowd: Deno.TcpConn[] = [];
  const failed = read();
  try {
    while (crowd.length < 60) crowd.push(await connect());
  } catch (error) {
    // Nobody listens any more, or not long enough to accept this one.
    assert.ok(error instanceof Deno.errors.ConnectionRefused || error instanceof Deno.errors.ConnectionReset);
  }
  assert.match(await failed, /accepts no connections: are too many open\?/);
  assert.match(await ask(first), /hello$/);
  for (const connection of crowd) connection.close();
  // It may take the process a moment to notice that they are closed.
  async function askAnew(): Promise<string> {
    using connection = await connect();
    return await ask(connection);
  }
  let late: string | undefined;
  for (let second = 0; second < 30 && late === undefined; second++) {
    await input.write(new TextEncoder().encode("\n"));
    while (await read() !== "a second later") { /* It says again that it cannot. */ }
    late = await askAnew().catch(() => undefined);
  }
  assert.match(late ?? "", /hello$/);
  await input.close();
  while (await read() !== "closed, timers: 0") { /* It may have failed once more. */ }
  assert.ok((await process.status).success);
  await output.return();
});
