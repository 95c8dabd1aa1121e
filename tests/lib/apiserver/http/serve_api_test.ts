import assert from "node:assert/strict";
import { parse } from "yaml";
import { ApiListenError, serveApi } from "../../../../lib/apiserver/http/mod.ts";
import { ApiServer } from "../../../../lib/apiserver/mod.ts";
import type { WatchSource } from "../../../../lib/apiserver/request/call.ts";
import { Api } from "../../../../lib/k8s/api/api.ts";
import { configMaps } from "../../../../lib/k8s/kinds/core.ts";
import { systemClock } from "../../../../lib/util/clock/mod.ts";
import { systemRandom } from "../../../../lib/util/random.ts";

function newServer(): ApiServer {
  return new ApiServer({ clock: systemClock, random: systemRandom });
}

Deno.test("both faces show one store, and the certificate is the one that the kubeconfig trusts", async () => {
  using server = newServer();
  await using listener = await serveApi(server);
  using direct = server.client();
  const api = new Api(direct, configMaps, { namespace: "default" });
  await api.create({ metadata: { name: "a" } });
  const config = parse(listener.kubeconfig());
  const [{ cluster }] = config.clusters;
  const [{ user }] = config.users;
  assert.equal(cluster.server, listener.url);
  const authority = new TextDecoder().decode(Uint8Array.fromBase64(cluster["certificate-authority-data"]));
  using client = Deno.createHttpClient({ caCerts: [authority] });
  const url = `${listener.url}/api/v1/namespaces/default/configmaps`;
  const headers = { authorization: `Bearer ${user.token}`, "content-type": "application/json" };
  const list = await (await fetch(url, { client, headers })).json();
  assert.deepEqual(list.items.map((item: { metadata: { name: string } }) => item.metadata.name), ["a"]);
  const body = JSON.stringify({ metadata: { name: "b" } });
  const created = await fetch(url, { client, headers, method: "POST", body });
  assert.equal(created.status, 201);
  await created.body?.cancel();
  assert.deepEqual((await api.list()).items.map(({ metadata }) => metadata.name), ["a", "b"]);
  await assert.rejects(fetch(url, { headers }), TypeError);
});

Deno.test("plain HTTP serves an anonymous user, whose kubeconfig has neither token nor authority", async () => {
  using server = newServer();
  await using listener = await serveApi(server, {
    tls: false,
    users: [],
    anonymous: { username: "anybody", groups: ["system:masters"] },
  });
  const response = await fetch(`${listener.url}/api/v1/namespaces`);
  assert.equal(response.status, 200);
  await response.body?.cancel();
  const config = parse(listener.kubeconfig());
  assert.deepEqual(config.users, [{ name: "anybody", user: {} }]);
  assert.equal(config.clusters[0].cluster["certificate-authority-data"], undefined);
  assert.throws(() => listener.kubeconfig("bob"), /bob/);
});

Deno.test("close() ends watches cleanly, and gives the port back", async () => {
  using server = newServer();
  const listener = await serveApi(server, {
    tls: false,
    users: [{ username: "jane", groups: ["system:masters"], token: "t" }],
  });
  const response = await fetch(`${listener.url}/api/v1/namespaces?watch=true&resourceVersion=${server.revision}`, {
    headers: { authorization: "Bearer t" },
  });
  const text = response.text();
  await listener.close();
  assert.equal(await text, "");
  await listener.close();
  await using other = await serveApi(server, { tls: false });
  await assert.rejects(serveApi(server, { tls: false, port: Number(new URL(other.url).port) }), ApiListenError);
  await using again = await serveApi(server, { tls: false, port: Number(new URL(listener.url).port) });
  assert.equal(again.url, listener.url);
});

Deno.test("a client that goes away ends its watch, also when nothing happens any more", async () => {
  for (const tls of [false, true]) {
    const ended = Promise.withResolvers<void>();
    const quiet: WatchSource = {
      next: () => ended.promise.then(() => undefined),
      [Symbol.dispose]: () => ended.resolve(),
    };
    await using listener = await serveApi({ handle: () => ({ type: "watch", events: quiet }) }, { tls });
    const authority = listener.certificateAuthority;
    using client = Deno.createHttpClient({ caCerts: authority === undefined ? [] : [authority] });
    const abort = new AbortController();
    const response = await fetch(`${listener.url}/api/v1/namespaces?watch=true`, {
      headers: { authorization: `Bearer ${listener.users[0]?.token}` },
      signal: abort.signal,
      client,
    });
    const text = assert.rejects(response.text(), { name: "AbortError" });
    abort.abort();
    await text;
    await ended.promise;
  }
});

Deno.test("more tokens may be known than those of the users", async () => {
  using server = newServer();
  await using listener = await serveApi(server, {
    tls: false,
    authenticate: (token) => token === "account" ? { username: "system:serviceaccount:default:a" } : undefined,
  });
  const status = async (token: string): Promise<number> => {
    const response = await fetch(`${listener.url}/api`, { headers: { authorization: `Bearer ${token}` } });
    await response.body?.cancel();
    return response.status;
  };
  assert.equal(await status("account"), 200);
  assert.equal(await status(listener.users[0]?.token ?? ""), 200);
  assert.equal(await status("nobody"), 401);
});
