import assert from "node:assert/strict";
import { createAuthority, issueServingCertificate } from "../../../../lib/certificates/issue.ts";
import { NodeClient, WebhookClient } from "../../../../lib/apiserver/http/mod.ts";
import type { JSONObject } from "../../../../lib/k8s/contract.ts";

const { signal } = new AbortController();

/** An HTTPS server on loopback for some names, with its authority in base64. */
async function serve(
  dnsNames: readonly string[],
  handler: (request: Request) => Response | Promise<Response>,
): Promise<{ readonly port: number; readonly caBundle: string } & AsyncDisposable> {
  const now = Date.now();
  const authority = await createAuthority({ now, name: "test" });
  const { certificate, key } = await issueServingCertificate(authority, {
    now,
    ipAddresses: ["127.0.0.1"],
    dnsNames: [...dnsNames],
  });
  const options = { hostname: "127.0.0.1", port: 0, cert: certificate, key, onListen: (): void => {} };
  const server = Deno.serve(options, handler);
  return {
    port: server.addr.port,
    caBundle: btoa(authority.certificate),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

const service = { name: "hook", namespace: "system", path: "/mutate" };

Deno.test("a webhook behind a Service is called at its address, under its name", async () => {
  const seen: string[] = [];
  await using server = await serve(["hook.system.svc"], async (request) => {
    const url = new URL(request.url);
    seen.push(`${request.method} ${request.headers.get("host")} ${url.pathname}${url.search} ${await request.text()}`);
    return Response.json({ response: { uid: "1", allowed: true } });
  });
  const asked: unknown[] = [];
  using client = new WebhookClient({
    resolveService: (...place) => {
      asked.push(place);
      return { host: "127.0.0.1", port: server.port };
    },
  });
  const answer = await client.call({ service, caBundle: server.caBundle }, { kind: "x" }, signal, 7);
  assert.deepEqual(answer, { response: { uid: "1", allowed: true } });
  assert.deepEqual(asked, [["system", "hook", 443]]);
  assert.deepEqual(seen, ['POST hook.system.svc /mutate?timeout=7s {"kind":"x"}']);
});

Deno.test("a webhook with a URL is called there", async () => {
  await using server = await serve([], () => Response.json({ a: 1 }));
  using client = new WebhookClient();
  const config = { url: `https://127.0.0.1:${server.port}/x`, caBundle: server.caBundle };
  assert.deepEqual(await client.call(config, {}, signal, 10), { a: 1 });
});

Deno.test("a webhook is not trusted under another name, nor without its authority", async () => {
  await using server = await serve(["other.system.svc"], () => Response.json({}));
  using client = new WebhookClient({ resolveService: () => ({ host: "127.0.0.1", port: server.port }) });
  const configs: readonly (readonly [JSONObject, RegExp])[] = [
    [
      { service, caBundle: server.caBundle },
      /^Post "https:\/\/hook\.system\.svc:443\/mutate\?timeout=10s": .*hook\.system/,
    ],
    [{ url: `https://127.0.0.1:${server.port}/` }, /^Post "https:\/\/127\.0\.0\.1:\d+\/\?timeout=10s": /],
  ];
  for (const [config, message] of configs) {
    await assert.rejects(client.call(config, {}, signal, 10), { message });
  }
});

Deno.test("a Service that nobody answers for is told so", async () => {
  using nobody = new WebhookClient({ resolveService: () => undefined });
  await assert.rejects(nobody.call({ service }, {}, signal, 10), /service "hook" not found, or nobody answers for it$/);
  using noWay = new WebhookClient();
  await assert.rejects(noWay.call({ service }, {}, signal, 10), /knows no way to Services: give it resolveService$/);
});

Deno.test("a webhook that answers with another code has failed", async () => {
  await using server = await serve([], () => new Response("oops", { status: 503 }));
  using client = new WebhookClient();
  const config = { url: `https://127.0.0.1:${server.port}/`, caBundle: server.caBundle };
  await assert.rejects(client.call(config, {}, signal, 10), { message: "the server answered 503: oops" });
});

Deno.test("a node is asked without looking at its certificate, unless an authority is named", async () => {
  await using server = await serve([], (request) => new Response(new URL(request.url).pathname, { status: 206 }));
  const address = { host: "127.0.0.1", port: server.port };
  using client = new NodeClient();
  const { code, contentType, body } = await client.dial(address, "/containerLogs/a/b/c?follow=true", signal);
  assert.deepEqual([code, contentType], [206, "text/plain;charset=UTF-8"]);
  assert.equal(await new Response(body).text(), "/containerLogs/a/b/c");
  const other = await createAuthority({ now: Date.now(), name: "other" });
  using strict = new NodeClient({ certificateAuthority: other.certificate });
  await assert.rejects(strict.dial(address, "/", signal));
});

Deno.test("whoever follows a node's answer may leave", async () => {
  const left = Promise.withResolvers<void>();
  await using server = await serve([], () => {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode("first\n")),
      cancel: () => left.resolve(),
    });
    return new Response(body);
  });
  using client = new NodeClient();
  const { body } = await client.dial({ host: "127.0.0.1", port: server.port }, "/", signal);
  const reader = body.getReader();
  assert.equal(new TextDecoder().decode((await reader.read()).value), "first\n");
  await reader.cancel();
  await left.promise;
});
