import assert from "node:assert/strict";
import { ConnectionError } from "../../../../lib/k8s/errors.ts";
import { CredentialsError } from "../../../../lib/k8s/kubeconfig/mod.ts";
import { VirtualClock } from "../../../../lib/util/clock/mod.ts";
import { describeError } from "../../../../lib/util/log.ts";
import { accessTo, clientOf, serve } from "../support/server.ts";

const get = { method: "GET", path: "/api/v1/namespaces/default/secrets/foo", expectJson: true } as const;
const encoder = new TextEncoder();

/** A server that answers only from the second request on, or stops in the middle of its first answer. */
function silentAtFirst(
  ports: Set<number>,
  head: boolean,
  over: Promise<void>,
  arrived: () => void = () => undefined,
): ReturnType<typeof serve> {
  let requests = 0;
  return serve(async (_request, info) => {
    if ("port" in info.remoteAddr) ports.add(info.remoteAddr.port);
    arrived();
    if (++requests > 1) return Response.json({ ok: true });
    if (!head) await over;
    return new Response(
      new ReadableStream<Uint8Array>({
        async start(controller): Promise<void> {
          controller.enqueue(encoder.encode('{"data":'));
          await over;
          controller.close();
        },
      }),
    );
  });
}

for (const head of [false, true]) {
  const when = head ? "in the middle of its answer" : "before its answer";
  Deno.test(`a request does not wait for ever for a server that falls silent ${when}`, async () => {
    const clock = new VirtualClock();
    const ports = new Set<number>();
    const over = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    await using server = silentAtFirst(ports, head, over.promise, arrived.resolve);
    using client = clientOf(accessTo(server.url), { clock });
    let failure: unknown;
    const asked = client.performRequest(get).catch((error: unknown) => failure = error);
    await arrived.promise;
    await clock.advanceUntil(() => failure !== undefined, 400_000);
    assert.ok(failure instanceof ConnectionError, String(failure));
    assert.match(describeError(failure), /GET \/api\/v1\/namespaces\/default\/secrets\/foo: .*no answer/);
    await asked;
    assert.deepEqual(await client.performRequest(get), { ok: true });
    assert.equal(ports.size, 2, "the next request goes over another connection");
    assert.equal(clock.pending, 0);
    over.resolve();
  });
}

Deno.test("a stream may be silent for as long as its reader likes", async () => {
  const clock = new VirtualClock();
  const over = Promise.withResolvers<void>();
  await using server = silentAtFirst(new Set(), true, over.promise);
  using client = clientOf(accessTo(server.url), { clock });
  const stream = await client.performRequest({ ...get, expectStream: true });
  assert.equal(clock.pending, 0);
  over.resolve();
  await assert.rejects(Array.fromAsync(stream), ConnectionError);
});

Deno.test("a token that no header can carry is an error without the token", async () => {
  const identity = { authorization: "Bearer s3cr3t\nline" };
  const credentials = { identify: () => Promise.resolve(identity), refused: () => undefined };
  using client = clientOf(accessTo("http://127.0.0.1:1", { credentials }));
  await assert.rejects(client.performRequest(get), (error) => {
    assert.ok(error instanceof CredentialsError, String(error));
    assert.match(error.message, /a test.*line break/);
    assert.doesNotMatch(describeError(error), /s3cr3t/);
    return true;
  });
});

Deno.test("an answer that breaks off is an error without the data that it held", async () => {
  await using server = serve(() => new Response('{"kind":"Secret","data":{"password":"s3cr3t'));
  using client = clientOf(accessTo(server.url));
  await assert.rejects(client.performRequest(get), (error) => {
    assert.doesNotMatch(describeError(error), /s3cr3t/);
    return true;
  });
  const garbled = await client.performRequest({ ...get, expectStream: true });
  await assert.rejects(Array.fromAsync(garbled), (error) => {
    assert.doesNotMatch(describeError(error), /s3cr3t/);
    return true;
  });
});
