import assert from "node:assert/strict";
import fc from "fast-check";
import { guardBody } from "../../../../lib/k8s/client/call.ts";
import { readJsonLines } from "../../../../lib/k8s/client/json_lines.ts";
import type { JSONValue } from "../../../../lib/k8s/contract.ts";
import { ApiError, ConnectionError, InvalidObjectError } from "../../../../lib/k8s/errors.ts";
import { DeadlineError } from "../../../../lib/util/clock/mod.ts";
import { accessTo, clientOf, serve } from "../support/server.ts";

const watch = { method: "GET", path: "/api/v1/secrets", expectStream: true, expectJson: true } as const;
const encoder = new TextEncoder();

function bodyOf(...chunks: readonly (string | Uint8Array | Error)[]): ReadableStream<Uint8Array> {
  const rest = [...chunks];
  return new ReadableStream<Uint8Array>({
    pull(controller): void {
      const chunk = rest.shift();
      if (chunk === undefined) return controller.close();
      if (chunk instanceof Error) throw chunk;
      controller.enqueue(typeof chunk === "string" ? encoder.encode(chunk) : chunk);
    },
  }, { highWaterMark: 0 });
}

/** What a reader gets before the end or the error. */
async function readAll(stream: ReadableStream<JSONValue>): Promise<{ values: JSONValue[]; error?: unknown }> {
  const values: JSONValue[] = [];
  try {
    for await (const value of stream) values.push(value);
    return { values };
  } catch (error) {
    return { values, error };
  }
}

Deno.test("readJsonLines() finds the same values however the bytes are cut", async () => {
  await fc.assert(fc.asyncProperty(
    fc.array(fc.jsonValue(), { maxLength: 8 }),
    fc.array(fc.nat(), { maxLength: 8 }),
    fc.constantFrom("\n", "\r\n"),
    fc.boolean(),
    async (values, cuts, separator, endsWithLine) => {
      const text = values.map((value) => JSON.stringify(value)).join(separator);
      const bytes = encoder.encode(endsWithLine && values.length > 0 ? text + separator : text);
      const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
      const chunks = places.slice(1).map((place, index) => bytes.slice(places[index], place));
      const expected = values.map((value) => JSON.parse(JSON.stringify(value)));
      assert.deepEqual(await readAll(readJsonLines(bodyOf(...chunks), "test")), { values: expected });
    },
  ));
});

Deno.test("readJsonLines() delivers what came before garbage, then errors and cancels the body", async () => {
  let cancelled = false;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(encoder.encode('{"a":1}\n{"b":2}\n<html>\n{"c":3}\n')),
    cancel: () => void (cancelled = true),
  });
  const { values, error } = await readAll(readJsonLines(body, "GET /x"));
  assert.deepEqual(values, [{ a: 1 }, { b: 2 }]);
  assert.ok(error instanceof InvalidObjectError);
  assert.equal(error.message, "GET /x: the server sent a line that is not JSON: <html>");
  assert.ok(cancelled);
});

Deno.test("readJsonLines() errors when the body ends within a value", async () => {
  const { values, error } = await readAll(readJsonLines(bodyOf('{"a":1}\n{"b":'), "GET /x"));
  assert.deepEqual(values, [{ a: 1 }]);
  assert.ok(error instanceof ConnectionError);
});

Deno.test("a watch delivers values as they come and ends with the server's answer", async () => {
  await using server = serve(() => new Response(bodyOf('{"n":1}\n', '{"n":2}\n')));
  using client = clientOf(accessTo(server.url));
  assert.deepEqual(await readAll(await client.performRequest(watch)), { values: [{ n: 1 }, { n: 2 }] });
});

Deno.test("a watch that the server refuses rejects with an ApiError", async () => {
  const status = { kind: "Status", code: 410, reason: "Expired", message: "too old resource version" };
  await using server = serve(() => Response.json(status, { status: 410 }));
  using client = clientOf(accessTo(server.url));
  await assert.rejects(client.performRequest(watch), (error) => error instanceof ApiError && error.status.code === 410);
});

Deno.test("a watch that breaks in the middle errors with a ConnectionError", async () => {
  await using server = serve(() => new Response(bodyOf('{"n":1}\n', new Error("broken"))));
  using client = clientOf(accessTo(server.url));
  const { values, error } = await readAll(await client.performRequest(watch));
  assert.deepEqual(values, [{ n: 1 }]);
  assert.ok(error instanceof ConnectionError);
  assert.ok(error.message.startsWith(`GET /api/v1/secrets: the connection to ${server.host} failed`), error.message);
});

Deno.test("guardBody() errors on an abort and cancels a body that does not heed the signal", async () => {
  let cancelled: unknown;
  let ended = 0;
  const body = new ReadableStream<Uint8Array>({ cancel: (reason) => void (cancelled = reason) });
  const controller = new AbortController();
  const reader = guardBody(body, controller.signal, (cause) => cause, () => ended++).getReader();
  const next = assert.rejects(reader.read(), /enough/);
  const reason = new Error("enough");
  controller.abort(reason);
  await next;
  assert.equal(cancelled, reason);
  assert.equal(ended, 1);
});

/** A handler whose answer goes on after one value, and a promise for the client's leaving. */
function endless(): { handler: () => Response; cancelled: Promise<void> } {
  const cancelled = Promise.withResolvers<void>();
  return {
    cancelled: cancelled.promise,
    handler: () =>
      new Response(
        new ReadableStream<Uint8Array>({
          start: (controller) => controller.enqueue(encoder.encode('{"n":1}\n')),
          cancel: () => cancelled.resolve(),
        }),
      ),
  };
}

Deno.test("an abort errors a watch with the signal's reason and ends the request", async () => {
  const { handler, cancelled } = endless();
  await using server = serve(handler);
  using client = clientOf(accessTo(server.url));
  const controller = new AbortController();
  const reader = (await client.performRequest({ ...watch, abortSignal: controller.signal })).getReader();
  assert.deepEqual((await reader.read()).value, { n: 1 });
  const next = reader.read();
  controller.abort(new Error("enough"));
  await assert.rejects(next, /enough/);
  await cancelled;
});

Deno.test("cancelling a watch closes the answer's body", async () => {
  const { handler, cancelled } = endless();
  await using server = serve(handler);
  using client = clientOf(accessTo(server.url));
  for await (const value of await client.performRequest(watch)) {
    assert.deepEqual(value, { n: 1 });
    break;
  }
  await cancelled;
});

Deno.test("close() ends a watch", async () => {
  const { handler, cancelled } = endless();
  await using server = serve(handler);
  const client = clientOf(accessTo(server.url));
  const reader = (await client.performRequest(watch)).getReader();
  await reader.read();
  client.close();
  await assert.rejects(reader.read(), /is closed/);
  await cancelled;
});

Deno.test("a watch goes on over a renewal of the connections, which a deadline causes", async () => {
  const release = Promise.withResolvers<void>();
  const ports = new Set<number>();
  await using server = serve(async (request, info) => {
    if ("port" in info.remoteAddr) ports.add(info.remoteAddr.port);
    if (request.url.endsWith("/stalled")) await release.promise;
    if (!request.url.endsWith("/secrets")) return new Response();
    return new Response(
      new ReadableStream<Uint8Array>({
        async start(controller): Promise<void> {
          controller.enqueue(encoder.encode('{"n":1}\n'));
          await release.promise;
          controller.enqueue(encoder.encode('{"n":2}\n'));
          controller.close();
        },
      }),
    );
  });
  using client = clientOf(accessTo(server.url));
  const reader = (await client.performRequest(watch)).getReader();
  assert.deepEqual((await reader.read()).value, { n: 1 });
  const controller = new AbortController();
  const stalled = client.performRequest({ method: "GET", path: "/stalled", abortSignal: controller.signal });
  await client.performRequest({ method: "GET", path: "/other" });
  const before = ports.size;
  controller.abort(new DeadlineError("took too long"));
  await assert.rejects(stalled, DeadlineError);
  await client.performRequest({ method: "GET", path: "/other" });
  assert.equal(ports.size, before + 1);
  release.resolve();
  assert.deepEqual((await reader.read()).value, { n: 2 });
  assert.equal((await reader.read()).done, true);
});
