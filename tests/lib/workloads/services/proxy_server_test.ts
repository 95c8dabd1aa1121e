import assert from "node:assert/strict";
import { connect, createServer } from "node:net";
import { serveProxy } from "../../../../lib/workloads/services/proxy_server.ts";

const hostname = "127.0.0.1";

/** Answers each connection, once its client has said all, with its own name and what it heard. */
async function echo(name: string): Promise<{ readonly port: number; readonly close: () => Promise<void> }> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const heard: Uint8Array[] = [];
    socket.on("data", (chunk: Uint8Array) => heard.push(chunk));
    socket.on("end", () => socket.end(`${name}: ${heard.map((chunk) => new TextDecoder().decode(chunk)).join("")}`));
  });
  await new Promise<void>((resolve) => server.listen(0, hostname, () => resolve()));
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  return { port: address.port, close: () => new Promise((resolve) => server.close(() => resolve())) };
}

function ask(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect({ host: hostname, port, allowHalfOpen: true }, () => socket.end(text));
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => answer += chunk);
    socket.on("end", () => resolve(answer));
    socket.on("error", reject);
  });
}

Deno.test("a proxy forwards connections in both directions, to the first target that takes them", async () => {
  const [a, b, closed] = await Promise.all([echo("a"), echo("b"), echo("closed")]);
  await closed.close();
  let targets = [a.port, b.port];
  const proxy = await serveProxy({ port: 0, targets: () => targets, onRefused: () => assert.fail() });
  assert.equal(await ask(proxy.port, "x"), "a: x");
  targets = [closed.port, b.port];
  assert.equal(await ask(proxy.port, "y".repeat(200_000)), `b: ${"y".repeat(200_000)}`);
  await proxy.close();
  await Promise.all([a.close(), b.close()]);
});

Deno.test("a proxy cuts connections that nobody takes, and says so", async () => {
  const refused: string[] = [];
  const proxy = await serveProxy({ port: 0, targets: () => [], onRefused: (reason) => refused.push(reason) });
  const connection = await Deno.connect({ hostname, port: proxy.port });
  const answer = await connection.read(new Uint8Array(1)).catch((error: Error) => error.name);
  assert.ok(answer === null || answer === "ConnectionReset", String(answer));
  connection.close();
  assert.deepEqual(refused, ["no pod takes the connection"]);
  await proxy.close();
});

Deno.test("a proxy that closes cuts its connections, and a port that is taken is refused", async () => {
  const held = Deno.listen({ hostname, port: 0 });
  const proxy = await serveProxy({ port: 0, targets: () => [held.addr.port], onRefused: () => undefined });
  await assert.rejects(
    serveProxy({ port: proxy.port, targets: () => [], onRefused: () => undefined }),
    /EADDRINUSE|in use/i,
  );
  const connection = await Deno.connect({ hostname, port: proxy.port });
  const upstream = await held.accept();
  await proxy.close();
  const end = await connection.read(new Uint8Array(1)).catch((error: Error) => error.name);
  assert.ok(end === null || end === "ConnectionReset", String(end));
  connection.close();
  upstream.close();
  held.close();
});
