import assert from "node:assert/strict";
import { ApiError, ConnectionError, InvalidObjectError } from "../../../../lib/k8s/errors.ts";
import { connectionError } from "../../../../lib/k8s/client/failures.ts";
import type { RequestOutcome } from "../../../../lib/k8s/client/mod.ts";
import type { Credentials } from "../../../../lib/k8s/kubeconfig/mod.ts";
import { VirtualClock } from "../../../../lib/util/clock/mod.ts";
import { accessTo, clientOf, serve } from "../support/server.ts";

const get = { method: "GET", path: "/api/v1/namespaces/default/secrets/foo" } as const;

Deno.test("performRequest() sends method, path, query, headers and body as they are", async () => {
  let seen: unknown;
  await using server = serve(async (request) => {
    const { pathname, search } = new URL(request.url);
    const names = ["accept", "authorization", "content-type", "impersonate-group", "user-agent"];
    seen = {
      method: request.method,
      pathname,
      search,
      headers: Object.fromEntries(names.map((name) => [name, request.headers.get(name)])),
      body: await request.text(),
    };
    return Response.json({ ok: true });
  });
  using client = clientOf(
    accessTo(`${server.url}/prefix`, {
      credentials: { identify: () => Promise.resolve({ authorization: "Bearer secret" }), refused: () => undefined },
      impersonation: [["Impersonate-User", "me"], ["Impersonate-Group", "a"], ["Impersonate-Group", "b"]],
    }),
    { userAgent: "test/1" },
  );
  const result = await client.performRequest({
    method: "PATCH",
    path: "/api/v1/namespaces/a%2Fb",
    querystring: new URLSearchParams({ labelSelector: "a=b,c" }),
    contentType: "application/merge-patch+json",
    bodyJson: { a: 1 },
    expectJson: true,
  });
  assert.deepEqual(result, { ok: true });
  assert.deepEqual(seen, {
    method: "PATCH",
    pathname: "/prefix/api/v1/namespaces/a%2Fb",
    search: "?labelSelector=a%3Db%2Cc",
    headers: {
      accept: "application/json",
      authorization: "Bearer secret",
      "content-type": "application/merge-patch+json",
      "impersonate-group": "a, b",
      "user-agent": "test/1",
    },
    body: '{"a":1}',
  });
});

Deno.test("performRequest() returns bytes when nothing else is asked for", async () => {
  await using server = serve(() => new Response("ok"));
  using client = clientOf(accessTo(server.url));
  assert.equal(new TextDecoder().decode(await client.performRequest(get)), "ok");
});

Deno.test("performRequest() sends a stream as body and receives one", async () => {
  await using server = serve((request) => new Response(request.body));
  using client = clientOf(accessTo(server.url));
  const bodyStream = new Blob(["a stream"]).stream();
  const stream = await client.performRequest({ ...get, method: "POST", bodyStream, expectStream: true });
  assert.equal(await new Response(stream).text(), "a stream");
});

Deno.test("performRequest() rejects two bodies and tunnels", async () => {
  using client = clientOf(accessTo("http://127.0.0.1:1"));
  await assert.rejects(
    client.performRequest({ ...get, method: "POST", bodyJson: 1, bodyRaw: new Uint8Array() }),
    /one of/,
  );
  await assert.rejects(client.performRequest({ ...get, expectTunnel: ["v4.channel.k8s.io"] }), /not supported/);
});

Deno.test("performRequest() rejects with the server's Status as ApiError", async () => {
  const status = { kind: "Status", code: 404, reason: "NotFound", message: 'secrets "foo" not found' };
  await using server = serve(() => Response.json(status, { status: 404 }));
  using client = clientOf(accessTo(server.url));
  await assert.rejects(client.performRequest({ ...get, expectJson: true }), (error) => {
    assert.ok(error instanceof ApiError);
    assert.equal(error.message, `GET ${get.path}: NotFound (404): secrets "foo" not found`);
    return true;
  });
});

Deno.test("performRequest() makes an ApiError of an answer without Status", async (t) => {
  const cases: [Response, number, string, string][] = [
    [new Response("404 page\nnot found", { status: 404 }), 404, "NotFound", "404 page not found"],
    [new Response("x".repeat(500), { status: 502 }), 502, "", `${"x".repeat(200)}...`],
    [new Response(null, { status: 403 }), 403, "Forbidden", "the server gave no message"],
    [new Response("{", { status: 500 }), 500, "InternalError", "{"],
    [
      Response.redirect("https://login.example/", 302),
      302,
      "",
      "the server redirects to https://login.example/, which is not followed: check the server URL",
    ],
  ];
  for (const [response, code, reason, message] of cases) {
    await t.step(String(code), async () => {
      await using server = serve(() => response);
      using client = clientOf(accessTo(server.url));
      await assert.rejects(client.performRequest({ ...get, expectStream: true }), (error) => {
        assert.ok(error instanceof ApiError);
        assert.deepEqual(error.status, { code, reason, message, causes: [] });
        return true;
      });
    });
  }
});

Deno.test("performRequest() rejects an answer that is not JSON with what it looks like", async () => {
  await using server = serve(() => new Response("<html>login</html>", { headers: { "content-type": "text/html" } }));
  using client = clientOf(accessTo(server.url));
  await assert.rejects(client.performRequest({ ...get, expectJson: true }), (error) => {
    assert.ok(error instanceof InvalidObjectError);
    assert.match(error.message, /not JSON \(text\/html\): <html>login/);
    return true;
  });
});

Deno.test("performRequest() waits as long as Retry-After says and tries again", async () => {
  const clock = new VirtualClock();
  let requests = 0;
  await using server = serve(async (request) => {
    assert.equal(await request.text(), "1");
    return ++requests < 3
      ? new Response(null, { status: 429, headers: { "retry-after": "5" } })
      : Response.json("done");
  });
  using client = clientOf(accessTo(server.url), { clock });
  const result = client.performRequest({ ...get, method: "POST", bodyJson: 1, expectJson: true });
  await whenPending(clock);
  await clock.advance(4_999);
  assert.equal(requests, 1);
  await clock.advance(501); // With up to 10 % jitter.
  await whenPending(clock);
  assert.equal(requests, 2);
  await clock.advance(5_500);
  assert.equal(await result, "done");
});

Deno.test("performRequest() calls beforeSend before each attempt, and does not send when it throws", async () => {
  const clock = new VirtualClock();
  let requests = 0;
  await using server = serve(() => {
    requests++;
    return new Response(null, { status: 429, headers: { "retry-after": "5" } });
  });
  const outcomes: RequestOutcome[] = [];
  using client = clientOf(accessTo(server.url), {
    clock,
    observer: { onRequest: (outcome) => outcomes.push(outcome) },
  });
  const refusal = new Error("too late");
  let asked = 0;
  const beforeSend = (): void => {
    if (++asked > 1) throw refusal;
  };
  const failed = assert.rejects(client.performRequest({ ...get, method: "PUT", bodyJson: 1, beforeSend }), refusal);
  await whenPending(clock);
  await clock.advance(5_500);
  await failed;
  assert.equal(asked, 2);
  assert.equal(requests, 1);
  assert.deepEqual(outcomes.map(({ code }) => code), ["429"]);
});

Deno.test("performRequest() gives up after ten retries and exposes retryAfterSeconds", async () => {
  let requests = 0;
  await using server = serve(() => {
    requests++;
    return new Response("busy", { status: 503, headers: { "retry-after": "0" } });
  });
  const clock = new VirtualClock();
  using client = clientOf(accessTo(server.url), { clock });
  const failure = client.performRequest(get).catch((error: unknown) => error);
  for (let retry = 0; retry < 10; retry++) {
    await whenPending(clock);
    await clock.advance(0);
  }
  const error = await failure;
  assert.ok(error instanceof ApiError);
  assert.equal(error.status.retryAfterSeconds, 0);
  assert.equal(requests, 11);
});

Deno.test("performRequest() leaves it to the caller when it may not or should not retry", async (t) => {
  const cases: [string, number, Record<string, string>, boolean][] = [
    ["no Retry-After", 429, {}, false],
    ["another code", 500, { "retry-after": "1" }, false],
    ["a very long wait", 503, { "retry-after": "3600" }, false],
    ["a body that is used up", 429, { "retry-after": "1" }, true],
  ];
  for (const [name, status, headers, stream] of cases) {
    await t.step(name, async () => {
      let requests = 0;
      await using server = serve(() => {
        requests++;
        return new Response(null, { status, headers });
      });
      using client = clientOf(accessTo(server.url));
      const body = stream ? { bodyStream: new Blob(["x"]).stream() } : {};
      await assert.rejects(client.performRequest({ ...get, method: "POST", ...body }), ApiError);
      assert.equal(requests, 1);
    });
  }
});

Deno.test("performRequest() stops waiting for a retry when its signal aborts", async () => {
  const clock = new VirtualClock();
  await using server = serve(() => new Response(null, { status: 429, headers: { "retry-after": "30" } }));
  using client = clientOf(accessTo(server.url), { clock });
  const controller = new AbortController();
  const failure = assert.rejects(client.performRequest({ ...get, abortSignal: controller.signal }), /enough/);
  await whenPending(clock);
  controller.abort(new Error("enough"));
  await failure;
  assert.equal(clock.pending, 0);
});

Deno.test("performRequest() asks for newer credentials once after a 401", async () => {
  const tokens: (string | null)[] = [];
  await using server = serve((request) => {
    tokens.push(request.headers.get("authorization"));
    return new Response(null, { status: tokens.at(-1) === "new" ? 200 : 401 });
  });
  let authorization = "old";
  const credentials: Credentials = {
    identify: () => Promise.resolve({ authorization }),
    refused: () => void (authorization = "new"),
  };
  using client = clientOf(accessTo(server.url, { credentials }));
  await client.performRequest(get);
  assert.deepEqual(tokens, ["old", "new"]);
});

Deno.test("performRequest() does not repeat a request with the credentials that were refused", async () => {
  let requests = 0;
  await using server = serve(() => {
    requests++;
    return new Response(null, { status: 401 });
  });
  using client = clientOf(accessTo(server.url));
  await assert.rejects(client.performRequest(get), /Unauthorized \(401\)/);
  assert.equal(requests, 1);
});

Deno.test("performRequest() rejects with a ConnectionError that names the server and the remedy", async () => {
  const server = serve(() => new Response());
  await server[Symbol.asyncDispose]();
  using client = clientOf(accessTo(server.url));
  await assert.rejects(client.performRequest(get), (error) => {
    assert.ok(error instanceof ConnectionError);
    assert.ok(error.cause instanceof Error);
    assert.equal(
      error.message,
      `GET ${get.path}: the connection to ${server.host} failed: nothing listens there: is the API server running, ` +
        "and the server URL right?",
    );
    return true;
  });
});

Deno.test("performRequest() rejects with the signal's reason after an abort", async () => {
  const started = Promise.withResolvers<void>();
  const release = Promise.withResolvers<Response>();
  await using server = serve(() => (started.resolve(), release.promise));
  using client = clientOf(accessTo(server.url));
  const controller = new AbortController();
  const failure = assert.rejects(client.performRequest({ ...get, abortSignal: controller.signal }), /enough/);
  await started.promise;
  controller.abort(new Error("enough"));
  await failure;
  await assert.rejects(client.performRequest({ ...get, abortSignal: controller.signal }), /enough/);
  release.resolve(new Response());
});

Deno.test("close() ends requests under way and refuses new ones", async () => {
  const started = Promise.withResolvers<void>();
  const release = Promise.withResolvers<Response>();
  await using server = serve(() => (started.resolve(), release.promise));
  const client = clientOf(accessTo(server.url));
  const failure = assert.rejects(client.performRequest(get), /is closed/);
  await started.promise;
  client.close();
  await failure;
  await assert.rejects(client.performRequest(get), /is closed/);
  release.resolve(new Response());
});

Deno.test("the observer sees each attempt", async () => {
  const outcomes: RequestOutcome[] = [];
  const clock = new VirtualClock();
  const server = serve((request) => new Response(null, { status: request.method === "GET" ? 200 : 404 }));
  using client = clientOf(accessTo(server.url), {
    clock,
    observer: { onRequest: (outcome) => outcomes.push(outcome) },
  });
  await client.performRequest(get);
  await assert.rejects(client.performRequest({ method: "DELETE", path: "/api/v1/namespaces/default/secrets" }));
  await server[Symbol.asyncDispose]();
  await assert.rejects(client.performRequest(get));
  const common = { host: server.host, seconds: 0 };
  assert.deepEqual(outcomes, [
    { ...common, verb: "get", method: "GET", code: "200", path: get.path },
    { ...common, verb: "deletecollection", method: "DELETE", code: "404", path: "/api/v1/namespaces/default/secrets" },
    { ...common, verb: "get", method: "GET", code: "<error>", path: get.path },
  ]);
});

/** Real connections take real turns of the event loop: waits until the client waits as Retry-After says. */
async function whenPending(clock: VirtualClock): Promise<void> {
  // The limit of a request under way is a timer too, but a later one.
  while ((clock.next ?? Infinity) > 60_000) await clock.settle();
}

Deno.test("proxy-url sends requests through the proxy, with its credentials", async () => {
  const seen: (string | null)[] = [];
  await using proxy = serve((request) => {
    seen.push(new URL(request.url).host, request.headers.get("proxy-authorization"));
    return Response.json("proxied");
  });
  const proxyUrl = proxy.url.replace("http://", "http://me:p%40ss@");
  using client = clientOf(accessTo("http://cluster.internal:8080", { proxyUrl }));
  assert.equal(await client.performRequest({ ...get, expectJson: true }), "proxied");
  assert.deepEqual(seen, ["cluster.internal:8080", `Basic ${btoa("me:p@ss")}`]);
});

Deno.test.each([
  ['Requires net access to "one:6443"', /run it with --allow-net$/],
  ['Requires sys access to "ca"', /set certificate-authority.*, or run it with --allow-sys=ca$/],
  ['Requires run access to "x"', /lacks a permission of Deno$/],
])("a missing permission is named with its flag: %s", (cause, remedy) => {
  const error = connectionError("GET /x", "one:6443", new Deno.errors.NotCapable(cause));
  assert.match(error.message, /^GET \/x: the connection to one:6443 failed: /);
  assert.match(error.message, remedy);
});
