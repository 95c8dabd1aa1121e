import assert from "node:assert/strict";
import { createAuthority, issueServingCertificate } from "../../../../../lib/certificates/issue.ts";
import { networkProbe } from "../../../../../lib/workloads/node/probes/network_probe.ts";
import type { ProbeTarget } from "../../../../../lib/workloads/node/probes/probe_target.ts";

const host = "127.0.0.1";
const { signal } = new AbortController();

function http(port: number, path: string, scheme: "http" | "https" = "http"): ProbeTarget {
  return { type: "http", scheme, host, port, path, headers: [["X-Asked", "by a test"]] };
}

Deno.test("networkProbe() judges HTTP answers by their status, and follows no redirect", async () => {
  const seen: (string | null)[] = [];
  await using server = Deno.serve({ hostname: host, port: 0, onListen: () => {} }, (request) => {
    seen.push(request.headers.get("user-agent"), request.headers.get("x-asked"));
    const status = Number(new URL(request.url).pathname.slice(1));
    return new Response("body", { status, ...(status === 302 ? { headers: { location: "/500" } } : {}) });
  });
  const results = [];
  for (const status of [200, 302, 399, 400, 503]) {
    results.push(await networkProbe(http(server.addr.port, `/${status}`), signal));
  }
  assert.deepEqual(results.map((result) => result.success), [true, true, true, false, false]);
  assert.equal(results.at(-1)?.message, "HTTP probe failed with statuscode: 503");
  assert.deepEqual(seen.slice(0, 2), ["kube-probe/1.36", "by a test"]);
});

Deno.test("networkProbe() does not verify certificates", async () => {
  const now = Date.now();
  const { certificate: cert, key } = await issueServingCertificate(await createAuthority({ now }), {
    now,
    dnsNames: ["example.org"],
  });
  await using server = Deno.serve({ hostname: host, port: 0, cert, key, onListen: () => {} }, () => new Response("ok"));
  assert.equal((await networkProbe(http(server.addr.port, "/", "https"), signal)).success, true);
});

Deno.test("networkProbe() says in the words of a kubelet that nobody listens", async () => {
  const listener = Deno.listen({ hostname: host, port: 0 });
  const { port } = listener.addr;
  assert.equal((await networkProbe({ type: "tcp", host, port }, signal)).success, true);
  listener.close();
  const refused = `dial tcp 127.0.0.1:${port}: connect: connection refused`;
  await assert.rejects(networkProbe({ type: "tcp", host, port }, signal), { message: refused });
  await assert.rejects(networkProbe(http(port, "/x"), signal), {
    message: `Get "http://127.0.0.1:${port}/x": ${refused}`,
  });
});

Deno.test("networkProbe() gives up when its signal aborts", async () => {
  await using server = Deno.serve({ hostname: host, port: 0, onListen: () => {} }, async (request) => {
    await new Promise<void>((resolve) => request.signal.addEventListener("abort", () => resolve(), { once: true }));
    return new Response();
  });
  const limit = new AbortController();
  const asked = networkProbe(http(server.addr.port, "/"), limit.signal);
  limit.abort(new Error("too late"));
  await assert.rejects(asked, /too late/);
});
