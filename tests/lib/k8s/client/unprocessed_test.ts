import assert from "node:assert/strict";
import { constants, createSecureServer, type ServerHttp2Stream } from "node:http2";
import { ConnectionError } from "../../../../lib/k8s/errors.ts";
import { accessTo, clientOf, testAuthority } from "../support/server.ts";

/** What a server does to the one request that it does not answer. */
interface Fate {
  readonly name: string;
  readonly meet: (stream: ServerHttp2Stream) => void;
}

interface Server extends AsyncDisposable {
  readonly url: string;
  /** PEM. */
  readonly authority: string;
  /** The methods of all requests. */
  readonly requests: readonly string[];
  /** The sizes of the parts in which bodies came. */
  readonly frames: readonly number[];
}

/** An HTTP/2 server that deals with its second request in its own way, and answers all others with their bodies' size. */
async function serving(meet: Fate["meet"]): Promise<Server> {
  const authority = await testAuthority();
  const { certificate: cert, key } = await authority.issueServer([{ type: "ip", value: "127.0.0.1" }]);
  const server = createSecureServer({ cert, key });
  const requests: string[] = [];
  const ended: Promise<void>[] = [];
  server.on("session", (session) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    ended.push(promise);
    session.on("error", () => undefined);
    session.on("close", resolve);
  });
  const frames: number[] = [];
  server.on("stream", (stream, headers) => {
    requests.push(String(headers[":method"]));
    stream.on("error", () => undefined);
    if (requests.length === 2) return meet(stream);
    let size = 0;
    stream.on("data", (chunk: Uint8Array) => {
      frames.push(chunk.length);
      size += chunk.length;
    });
    stream.on("end", () => {
      stream.respond({ ":status": 200, "content-type": "application/json" });
      stream.end(JSON.stringify({ size }));
    });
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", resolve);
  await promise;
  const address = server.address();
  assert(address !== null && typeof address === "object");
  return {
    url: `https://127.0.0.1:${address.port}`,
    authority: authority.certificate,
    requests,
    frames,
    async [Symbol.asyncDispose](): Promise<void> {
      server.close();
      await Promise.all(ended);
    },
  };
}

const version = { method: "GET", path: "/version", expectJson: true } as const;
const bodies = { small: "x".repeat(100), large: "x".repeat(2_500) };
const unread: readonly Fate[] = [
  { name: "refuses unread", meet: (stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM) },
  {
    name: "leaves behind with a connection that it is closing",
    meet({ session, id = 1 }): void {
      session?.goaway(constants.NGHTTP2_NO_ERROR, id - 2);
      session?.close();
    },
  },
];

for (const fate of unread) {
  for (const [size, text] of Object.entries(bodies)) {
    Deno.test(`a request with a ${size} body that the server ${fate.name} is sent again as it was`, async () => {
      await using server = await serving(fate.meet);
      using client = clientOf(accessTo(server.url, { certificateAuthority: server.authority }));
      await client.performRequest(version);
      const answer = await client.performRequest({
        ...version,
        method: "POST",
        bodyRaw: new TextEncoder().encode(text),
      });
      assert.deepEqual(answer, { size: text.length });
      assert.deepEqual(server.requests, ["GET", "POST", "POST"]);
    });
  }
}

for (const [size, text] of Object.entries(bodies)) {
  Deno.test(`a request with a ${size} body that the server broke off is not sent again: it may have been carried out`, async () => {
    const meet = (stream: ServerHttp2Stream): void => stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    await using server = await serving(meet);
    using client = clientOf(accessTo(server.url, { certificateAuthority: server.authority }));
    await client.performRequest(version);
    const request = { ...version, method: "POST", bodyRaw: new TextEncoder().encode(text) } as const;
    await assert.rejects(client.performRequest(request), ConnectionError);
    assert.deepEqual(server.requests, ["GET", "POST"]);
  });
}

Deno.test("a body of more than a kilobyte goes in frames that leave in one write", async () => {
  await using server = await serving(() => assert.fail("there is only one request"));
  using client = clientOf(accessTo(server.url, { certificateAuthority: server.authority }));
  const answer = await client.performRequest({ ...version, method: "POST", bodyRaw: new Uint8Array(2_500) });
  assert.deepEqual(answer, { size: 2_500 });
  assert.deepEqual(server.frames, [1_000, 1_000, 500]);
});
