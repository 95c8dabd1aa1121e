import assert from "node:assert/strict";
import { apiHandler, type ApiHandlerOptions } from "../../../../lib/apiserver/http/mod.ts";
import { tokenAuthentication } from "../../../../lib/apiserver/http/users.ts";
import type { JSONValue } from "../../../../lib/k8s/contract.ts";
import { isJsonObject } from "../../../../lib/k8s/errors.ts";
import { type Fixture, start } from "../fixture.ts";

const base = "https://127.0.0.1";
const path = "/api/v1/namespaces/default/configmaps";

interface Face extends Fixture {
  readonly closing: AbortController;
  readonly send: (path: string, init?: RequestInit & { token?: string | null }) => Promise<Response>;
}

function face(options: Partial<ApiHandlerOptions> = {}): Face {
  const fixture = start();
  const closing = new AbortController();
  const handler = apiHandler({
    server: fixture.server,
    authenticate: tokenAuthentication([{ username: "jane", uid: "7", groups: ["a", "system:masters"], token: "t" }]),
    closing: closing.signal,
    ...options,
  });
  const send: Face["send"] = (path, { token = "t", ...init } = {}) => {
    const headers = new Headers(init.headers);
    if (token !== null) headers.set("authorization", `Bearer ${token}`);
    return handler(new Request(`${base}${path}`, { ...init, headers }));
  };
  return { ...fixture, closing, send, [Symbol.dispose]: () => fixture.server.close() };
}

async function json(response: Response): Promise<Record<string, JSONValue>> {
  const value: JSONValue = await response.json();
  assert(isJsonObject(value));
  return value;
}

function configMap(name: string, type = "application/json"): RequestInit {
  const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data: { k: "v" } };
  return { method: "POST", headers: { "content-type": type }, body: JSON.stringify(object) };
}

Deno.test("a request with an unknown token gets 401 as a Status, and so does one without where nobody may be anonymous", async () => {
  using server = face();
  using strict = face({ anonymous: false });
  for (const response of [await server.send(path, { token: "other" }), await strict.send(path, { token: null })]) {
    assert.equal(response.status, 401);
    const { kind, reason, message } = await json(response);
    assert.deepEqual([kind, reason, message], ["Status", "Unauthorized", "Unauthorized"]);
  }
});

Deno.test("without a bearer token, whoever asks is anonymous: he may see nothing but health and version", async () => {
  using server = face();
  for (const headers of [{}, { authorization: "Basic dDp0" }, { authorization: "Bearer" }]) {
    const response = await server.send("/api", { token: null, headers });
    assert.equal(response.status, 403);
    const { message } = await json(response);
    assert.equal(message, 'forbidden: User "system:anonymous" cannot get path "/api"');
  }
});

Deno.test("requests without a token are those of the anonymous user where there is one", async () => {
  using server = face({ anonymous: { username: "somebody", groups: ["system:masters"] } });
  assert.equal((await server.send(path, { token: null })).status, 200);
  assert.equal((await server.send(path, { token: "other" })).status, 401);
});

for (const open of ["/readyz", "/livez", "/healthz", "/version"]) {
  Deno.test(`${open} needs no token`, async () => {
    using server = face();
    const response = await server.send(open, { token: null });
    assert.equal(response.status, 200);
    assert.match(await response.text(), open === "/version" ? /"gitVersion"/ : /^ok$/);
    assert.equal((await server.send(open, { token: null, method: "POST" })).status, 403);
  });
}

Deno.test("objects go in and out as JSON, with the codes of the direct face", async () => {
  using server = face();
  const created = await server.send(path, configMap("a"));
  assert.equal(created.status, 201);
  assert.equal(created.headers.get("content-type"), "application/json");
  assert.deepEqual((await json(created))["data"], { k: "v" });
  assert.equal((await server.send(path, configMap("a"))).status, 409);
  assert.equal((await server.send(`${path}/a`, { method: "DELETE" })).status, 200);
  const missing = await server.send(`${path}/a`);
  assert.equal(missing.status, 404);
  assert.equal((await json(missing))["reason"], "NotFound");
});

Deno.test("objects go in and out as YAML for who wants it", async () => {
  using server = face();
  const created = await server.send(path, {
    method: "POST",
    headers: { "content-type": "application/yaml", accept: "application/yaml" },
    body: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {k: v}\n",
  });
  assert.equal(created.status, 201);
  assert.equal(created.headers.get("content-type"), "application/yaml");
  assert.match(await created.text(), /\ndata:\n {2}k: v\n/);
  const wrong = await server.send(path, { method: "POST", headers: { "content-type": "application/yaml" }, body: "{" });
  assert.equal(wrong.status, 400);
});

Deno.test("a body of another type gets 415, one that is too long 413", async () => {
  using server = face();
  assert.equal((await server.send(path, configMap("a", "text/plain"))).status, 415);
  const body = " ".repeat(3 * 1_024 * 1_024 + 1);
  assert.equal((await server.send(path, { ...configMap("a"), body })).status, 413);
});

Deno.test("a client that takes protobuf only gets 406, of resources and of OpenAPI", async () => {
  using server = face();
  const accept = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
  assert.equal((await server.send("/openapi/v2", { headers: { accept } })).status, 406);
  assert.equal((await server.send(path, { headers: { accept: "application/vnd.kubernetes.protobuf" } })).status, 406);
  const both = await server.send(path, { headers: { accept: "application/vnd.kubernetes.protobuf,application/json" } });
  assert.equal(both.headers.get("content-type"), "application/json");
});

Deno.test("methods that the API does not have get 405", async () => {
  using server = face();
  assert.equal((await server.send(path, { method: "OPTIONS" })).status, 405);
});

Deno.test("tables are sent to who asks for them", async () => {
  using server = face();
  await server.send(path, configMap("a"));
  const response = await server.send(path, { headers: { accept: "application/json;as=Table;g=meta.k8s.io;v=v1" } });
  assert.equal((await json(response))["kind"], "Table");
});

Deno.test("aggregated discovery says in its content type that it is", async () => {
  using server = face();
  const one = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
  const aggregated = await server.send("/apis", { headers: { accept: `${one},application/json` } });
  assert.equal(aggregated.headers.get("content-type"), one);
  const old = one.replace("v=v2", "v=v2beta1");
  const plain = await server.send("/apis", { headers: { accept: `${old},application/json` } });
  assert.equal(plain.headers.get("content-type"), "application/json");
  assert.equal((await json(plain))["kind"], "APIGroupList");
});

Deno.test("a user learns who he is", async () => {
  using server = face();
  const review = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };
  const response = await server.send("/apis/authentication.k8s.io/v1/selfsubjectreviews", {
    method: "POST",
    body: JSON.stringify(review),
    headers: { "content-type": "application/json" },
  });
  assert.equal(response.status, 201);
  const { status } = await json(response);
  assert.deepEqual(status, {
    userInfo: { username: "jane", uid: "7", groups: ["a", "system:masters", "system:authenticated"] },
  });
});

Deno.test("a watch sends one event a line, and ends cleanly when the face closes", async () => {
  using server = face();
  await server.send(path, configMap("a"));
  const response = await server.send(`${path}?watch=true`);
  assert.equal(response.status, 200);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  assert(reader);
  const first = await reader.read();
  assert.match(first.value ?? "", /^\{"type":"ADDED","object":\{.*"name":"a".*\}\}\n$/);
  await server.send(path, configMap("b"));
  assert.match((await reader.read()).value ?? "", /^\{"type":"ADDED".*"name":"b"/);
  server.closing.abort();
  assert.deepEqual(await reader.read(), { done: true, value: undefined });
});

Deno.test("a client that stops to read a watch leaves nothing behind", async () => {
  using server = face();
  const response = await server.send(`${path}?watch=true`);
  assert(server.clock.pending > 0);
  await response.body?.cancel();
  assert.equal(server.clock.pending, 0);
});

Deno.test("a failure inside is a Status with code 500 and no secret of the stack", async () => {
  const broken = { handle: () => Promise.reject(new TypeError("broken")) };
  using server = face({ server: broken });
  const response = await server.send(path);
  assert.equal(response.status, 500);
  const { reason, message } = await json(response);
  assert.deepEqual([reason, message], ["InternalError", "Internal error occurred: broken"]);
});

Deno.test("a refusal that says when to try again has Retry-After", async () => {
  using server = face();
  const response = await server.send(`${path}/a?resourceVersion=9999`);
  assert.equal(response.status, 504);
  assert.equal(response.headers.get("retry-after"), "1");
  await response.body?.cancel();
});

Deno.test("what is dropped is warned of in a header that clients show", async () => {
  using server = face();
  const body = JSON.stringify({ metadata: { name: "a" }, 'odd "\u00fc': 1 });
  const response = await server.send(`${path}?fieldValidation=Warn`, { ...configMap("a"), body });
  assert.equal(response.status, 201);
  assert.equal(response.headers.get("warning"), '299 - "unknown field \\"odd \\\\\\"?\\""');
  await response.body?.cancel();
});
