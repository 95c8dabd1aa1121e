import assert from "node:assert/strict";
import { createAuthority, issueServingCertificate } from "../../lib/certificates/issue.ts";
import { ApiConnection, type ApiServer } from "./api_connection.ts";

/** A server for the time of a test, that answers with the handler's words. */
async function withServer(
  handler: (request: Request) => Response | Promise<Response>,
  test: (server: ApiServer) => Promise<void>,
): Promise<void> {
  const now = Date.now();
  const authority = await createAuthority({ now });
  const { certificate: cert, key } = await issueServingCertificate(authority, { ipAddresses: ["127.0.0.1"], now });
  const listening = { hostname: "127.0.0.1", port: 0, cert, key, onListen: (): void => {} };
  await using server = Deno.serve(listening, handler);
  const url = `https://127.0.0.1:${server.addr.port}`;
  await test({ server: url, certificateAuthority: authority.certificate, token: "secret" });
}

Deno.test("ApiConnection.request() sends method, path, token and body, and keeps the connection", async () => {
  const seen: string[] = [];
  await withServer(async (request) => {
    const { method, url, headers } = request;
    const told = [headers.get("authorization"), headers.get("content-type"), await request.text()];
    seen.push([method, new URL(url).pathname + new URL(url).search, ...told].join(" "));
    return new Response(`answer ${seen.length}`, { status: seen.length === 1 ? 201 : 409 });
  }, async (server) => {
    using connection = await ApiConnection.open(server);
    assert.deepEqual(await connection.request("POST", "/a?b=c", "gr\u00fc\u00df"), { status: 201, body: "answer 1" });
    assert.deepEqual(await connection.request("GET", "/d"), { status: 409, body: "answer 2" });
  });
  assert.deepEqual(seen, ["POST /a?b=c Bearer secret application/json gr\u00fc\u00df", "GET /d Bearer secret  "]);
});

Deno.test("ApiConnection.request() joins an answer that comes in chunks, however long it is", async () => {
  const text = "0123456789\r\n".repeat(20_000);
  await withServer(() => {
    const pieces = [text.slice(0, 5), text.slice(5, 100_000), text.slice(100_000)];
    return new Response(ReadableStream.from(pieces).pipeThrough(new TextEncoderStream()));
  }, async (server) => {
    using connection = await ApiConnection.open(server);
    assert.deepEqual(await connection.request("GET", "/"), { status: 200, body: text });
    assert.equal((await connection.request("GET", "/")).body.length, text.length);
  });
});

Deno.test("ApiConnection.request() fails when its connection is closed meanwhile", async () => {
  const listener = Promise.withResolvers<void>();
  await withServer(async () => {
    await listener.promise;
    return new Response("late");
  }, async (server) => {
    const connection = await ApiConnection.open(server);
    const answer = connection.request("GET", "/");
    connection[Symbol.dispose]();
    await assert.rejects(answer);
    listener.resolve();
  });
});
