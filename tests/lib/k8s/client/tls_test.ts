import assert from "node:assert/strict";
import { configure, type LogRecord, reset } from "@logtape/logtape";
import { ConnectionError } from "../../../../lib/k8s/errors.ts";
import { type ClusterAccess, staticCredentials } from "../../../../lib/k8s/kubeconfig/mod.ts";
import { createAuthority } from "../../../controlplane/certificates.ts";
import { accessTo, clientOf, serve, testAuthority } from "../support/server.ts";

const get = { method: "GET", path: "/version", expectJson: true } as const;
const watch = { method: "GET", path: "/api/v1/secrets", expectStream: true, expectJson: true } as const;
const loopback = [{ type: "ip", value: "127.0.0.1" } as const];
const otherName = [{ type: "dns", value: "kube.internal" } as const];

interface Case {
  readonly name: string;
  readonly names: typeof loopback | typeof otherName;
  readonly access: (authority: string) => Partial<ClusterAccess>;
}

const working: readonly Case[] = [
  { name: "with its authority", names: loopback, access: (authority) => ({ certificateAuthority: authority }) },
  {
    name: "with HTTP/1.1 only",
    names: loopback,
    access: (authority) => ({ certificateAuthority: authority, disableHttp2: true }),
  },
  {
    name: "under another tls-server-name",
    names: otherName,
    access: (authority) => ({ certificateAuthority: authority, tlsServerName: "kube.internal" }),
  },
  { name: "without verification", names: otherName, access: () => ({ insecureSkipTlsVerify: true }) },
];

for (const { name, names, access } of working) {
  Deno.test(`a server ${name} is reached, also with a body and a stream`, async () => {
    const authority = await testAuthority();
    await using server = serve(async (request) => {
      if (request.method === "POST") return Response.json(await request.json());
      return new Response('{"n":1}\n{"n":2}\n');
    }, await authority.issueServer(names));
    using client = clientOf(accessTo(server.url, access(authority.certificate)));
    const body = { text: "x".repeat(300_000) };
    assert.deepEqual(await client.performRequest({ ...get, method: "POST", bodyJson: body }), body);
    await client.performRequest({ ...get, method: "DELETE", bodyJson: { kind: "DeleteOptions" }, expectJson: false });
    const bodyStream = new Blob(['{"a":', "1}"]).stream();
    assert.deepEqual(await client.performRequest({ ...get, method: "POST", bodyStream }), { a: 1 });
    assert.deepEqual(await Array.fromAsync(await client.performRequest(watch)), [{ n: 1 }, { n: 2 }]);
  });

  Deno.test(`a watch of a server ${name} ends when it is aborted, cancelled or broken`, async () => {
    const authority = await testAuthority();
    const cancelled = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const breaks = Promise.withResolvers<void>();
    let requests = 0;
    await using server = serve(() => {
      const ended = cancelled[requests++];
      return new Response(
        new ReadableStream<Uint8Array>({
          start: (controller) => controller.enqueue(new TextEncoder().encode('{"n":1}\n')),
          async pull(): Promise<void> {
            await (ended ?? breaks).promise;
            if (ended === undefined) throw new Error("broken");
          },
          cancel: () => ended?.resolve(),
        }, { highWaterMark: 2 }),
      );
    }, await authority.issueServer(names));
    using client = clientOf(accessTo(server.url, access(authority.certificate)));
    const controller = new AbortController();
    const reader = (await client.performRequest({ ...watch, abortSignal: controller.signal })).getReader();
    await reader.read();
    const next = reader.read();
    controller.abort(new Error("enough"));
    await assert.rejects(next, /enough/);
    for await (const value of await client.performRequest(watch)) {
      assert.deepEqual(value, { n: 1 });
      break;
    }
    await Promise.all(cancelled.map(({ promise }) => promise));
    const broken = (await client.performRequest(watch)).getReader();
    assert.deepEqual((await broken.read()).value, { n: 1 });
    breaks.resolve();
    await assert.rejects(broken.read(), ConnectionError);
  });
}

const failing: readonly (Case & { readonly message: RegExp })[] = [
  { name: "without its authority", names: loopback, access: () => ({}), message: /authority that is not trusted/ },
  {
    name: "without its authority, tls-server-name set",
    names: otherName,
    access: () => ({ tlsServerName: "kube.internal" }),
    message: /authority that is not trusted/,
  },
  {
    name: "under another name",
    names: otherName,
    access: (authority) => ({ certificateAuthority: authority }),
    message: /is for another name/,
  },
  {
    name: "with a wrong tls-server-name",
    names: otherName,
    access: (authority) => ({ certificateAuthority: authority, tlsServerName: "other.internal" }),
    message: /is for another name/,
  },
];

for (const { name, names, access, message } of failing) {
  Deno.test(`a server ${name} is refused`, async () => {
    const authority = await testAuthority();
    let requests = 0;
    await using server = serve(() => (requests++, Response.json({})), await authority.issueServer(names));
    using client = clientOf(accessTo(server.url, access(authority.certificate)));
    await assert.rejects(client.performRequest(get), (error) => {
      assert.ok(error instanceof ConnectionError);
      assert.match(error.message, message);
      return true;
    });
    assert.equal(requests, 0);
  });
}

for (const tlsServerName of [undefined, "127.0.0.1"]) {
  Deno.test(`the wrong authority is refused, tls-server-name ${tlsServerName}`, async () => {
    const authority = await testAuthority();
    const { certificate } = await createAuthority();
    await using server = serve(() => Response.json({}), await authority.issueServer(loopback));
    const more = tlsServerName === undefined ? {} : { tlsServerName };
    using client = clientOf(accessTo(server.url, { certificateAuthority: certificate, ...more }));
    await assert.rejects(client.performRequest(get), /authority that is not trusted/);
  });
}

Deno.test("a client certificate that is no certificate is a ConnectionError, not a crash", async () => {
  const authority = await testAuthority();
  await using server = serve(() => Response.json({}), await authority.issueServer(loopback));
  const credentials = staticCredentials({ certificate: { certificate: "nonsense", key: "nonsense" } });
  using client = clientOf(accessTo(server.url, { certificateAuthority: authority.certificate, credentials }));
  await assert.rejects(client.performRequest(get), ConnectionError);
});

Deno.test("skipping verification is warned of", async () => {
  const records: LogRecord[] = [];
  await configure({
    reset: true,
    sinks: { test: (record) => records.push(record) },
    loggers: [{ category: ["sharding"], sinks: ["test"] }, { category: ["logtape", "meta"], sinks: [] }],
  });
  try {
    clientOf(accessTo("https://127.0.0.1:1", { insecureSkipTlsVerify: true })).close();
  } finally {
    await reset();
  }
  assert.deepEqual(records.map(({ level }) => level), ["warning"]);
  assert.match(records[0]?.message.join("") ?? "", /not verified/);
});

Deno.test({
  name: "insecure-skip-tls-verify needs no permission beside the network",
  permissions: { net: true, read: true, write: true, sys: false, run: false, env: false },
  async fn(): Promise<void> {
    using client = clientOf(accessTo("https://127.0.0.1:1", { insecureSkipTlsVerify: true }));
    await assert.rejects(client.performRequest(get), /nothing listens there/);
  },
});
