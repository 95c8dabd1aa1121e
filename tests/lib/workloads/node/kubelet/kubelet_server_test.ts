import assert from "node:assert/strict";
import { createAuthority } from "../../../../controlplane/certificates.ts";
import { type KubeletServing, serveKubelet } from "../../../../../lib/workloads/node/kubelet/kubelet_server.ts";

const authority = await createAuthority();
const pair = await authority.issueServer([{ type: "ip", value: "127.0.0.1" }]);
const apiServer = await authority.issueClient("the-api-server", []);
const somebody = await authority.issueClient("somebody", ["system:masters"]);
const impostor = await (await createAuthority()).issueClient("the-api-server", []);
const serving: KubeletServing = {
  ...pair,
  clientAuthority: authority.certificate,
  clientNames: ["the-api-server"],
  tokens: ["open-sesame"],
};

interface Visitor {
  readonly certificate?: { readonly certificate: string; readonly key: string };
  readonly authorization?: string;
}

async function visit(port: number, { certificate, authorization }: Visitor): Promise<string> {
  using client = Deno.createHttpClient({
    caCerts: [authority.certificate],
    ...(certificate === undefined ? {} : { cert: certificate.certificate, key: certificate.key }),
  });
  const headers = authorization === undefined ? {} : { headers: { authorization } };
  const response = await fetch(`https://127.0.0.1:${port}/x?y=z`, { client, ...headers });
  return `${response.status} ${(await response.text()).trim()}`;
}

const visitors: readonly (readonly [who: string, visitor: Visitor, answer: string])[] = [
  ["the API server by its certificate", { certificate: apiServer }, "200 /x?y=z"],
  ["the API server by its token", { authorization: "Bearer open-sesame" }, "200 /x?y=z"],
  ["nobody known", {}, "401 Unauthorized"],
  ["another user of the same authority", { certificate: somebody }, "401 Unauthorized"],
  ["an impostor with a certificate of his own authority", { certificate: impostor }, "401 Unauthorized"],
  ["a guesser of tokens", { authorization: "Bearer open-sesamE" }, "401 Unauthorized"],
  ["a guesser of empty tokens", { authorization: "Bearer " }, "401 Unauthorized"],
];
for (const [who, visitor, answer] of visitors) {
  Deno.test(`the kubelet server answers ${who}: ${answer}`, async () => {
    const server = await serveKubelet(serving, (request) => {
      const { pathname, search } = new URL(request.url);
      return Promise.resolve(new Response(pathname + search));
    });
    try {
      assert.equal(await visit(server.port, visitor), answer);
    } finally {
      await server.close();
    }
  });
}

Deno.test("the kubelet server lets in nobody when nobody is named", async () => {
  const server = await serveKubelet(pair, () => Promise.resolve(new Response("secret")));
  try {
    assert.equal(await visit(server.port, { certificate: apiServer }), "401 Unauthorized");
  } finally {
    await server.close();
  }
});

Deno.test("the kubelet server sends a stream as it comes, and ends it when the client goes", async () => {
  const gone = Promise.withResolvers<void>();
  const lines = new TransformStream<Uint8Array, Uint8Array>();
  const writer = lines.writable.getWriter();
  const server = await serveKubelet(serving, (request) => {
    request.signal.addEventListener("abort", () => gone.resolve(), { once: true });
    return Promise.resolve(new Response(lines.readable));
  });
  using client = Deno.createHttpClient({ caCerts: [authority.certificate] });
  const response = await fetch(`https://127.0.0.1:${server.port}/`, {
    client,
    headers: { authorization: "Bearer open-sesame" },
  });
  const reader = response.body?.getReader();
  for (const line of ["one", "two"]) {
    await writer.write(new TextEncoder().encode(line));
    assert.equal(new TextDecoder().decode((await reader?.read())?.value), line);
  }
  await reader?.cancel();
  await gone.promise;
  writer.abort().catch(() => undefined);
  await server.close();
});
