import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { get } from "node:https";
import {
  diagnosticsServer,
  metricsCertificates,
  startGrantedProfiler,
} from "../../../commands/sharder/diagnostics/server.ts";
import { selfSignedSource } from "../../../commands/sharder/diagnostics/self_signed_source.ts";
import type { RestClient } from "../../../lib/k8s/contract.ts";
import { ApiServer } from "../../../lib/apiserver/mod.ts";
import { issueSelfSigned } from "../../../lib/certificates/self_signed.ts";
import { registerProcessMetrics, Registry } from "../../../lib/runtime/metrics/mod.ts";
import { ProfilerError } from "../../../lib/runtime/profiling/mod.ts";
import type { Profiler } from "../../../lib/runtime/profiling/mod.ts";
import { systemClock, VirtualClock } from "../../../lib/util/clock/mod.ts";
import { seededRandom } from "../../../lib/util/random.ts";

/** Asks as Prometheus does, without looking at the certificate. */
function ask(port: number, path: string, token?: string): Promise<[number, string]> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, path, headers, rejectUnauthorized: false, agent: false as const };
    get(options, (response) => {
      const chunks: Uint8Array[] = [];
      response.on("data", (chunk: Uint8Array) => chunks.push(chunk));
      response.on("end", () => resolve([response.statusCode ?? 0, Buffer.concat(chunks).toString()]));
      response.on("error", reject);
    }).on("error", reject);
  });
}

/** Serves until the test has asked what it wants to know. */
async function serving(
  profiler: (() => Promise<Profiler>) | undefined,
  test: (port: number, token: string) => Promise<void>,
): Promise<void> {
  using server = new ApiServer({ clock: systemClock, random: seededRandom(1), authorization: "always-allow" });
  using reviews: RestClient = server.client();
  const post = (path: string, bodyJson: { [key: string]: { [key: string]: string } }): Promise<unknown> =>
    reviews.performRequest({ method: "POST", path, bodyJson, expectJson: true });
  await post("/api/v1/namespaces", { metadata: { name: "m" } });
  await post("/api/v1/namespaces/m/serviceaccounts", { metadata: { name: "p" } });
  const answer = await post("/api/v1/namespaces/m/serviceaccounts/p/token", { spec: {} });
  const token = /"token":"([^"]+)"/.exec(JSON.stringify(answer))?.[1] ?? assert.fail("no token");
  const registry = new Registry();
  registerProcessMetrics(registry, systemClock);
  const stop = new AbortController();
  const diagnostics = diagnosticsServer({
    registry,
    address: { hostname: "127.0.0.1", port: 0 },
    reviews,
    certificates: selfSignedSource(["localhost"], systemClock),
    clock: systemClock,
    ...(profiler === undefined ? {} : { startProfiler: profiler }),
  });
  const running = diagnostics.run(stop.signal);
  try {
    await test((await diagnostics.whenListening()).port, token);
  } finally {
    stop.abort();
    await running;
  }
}

const fakeProfiler: Profiler = {
  cpu: () => Promise.resolve(Uint8Array.of()),
  heap: () => Promise.resolve(new TextEncoder().encode("a profile")),
  [Symbol.dispose]: () => undefined,
};

Deno.test("metrics and profiles are served over TLS, to those who have a token", async () => {
  await serving(() => Promise.resolve(fakeProfiler), async (port, token) => {
    assert.deepEqual(await ask(port, "/metrics"), [401, "Unauthorized\n"]);
    const [status, body] = await ask(port, "/metrics", token);
    assert.equal(status, 200);
    assert.match(body, /^process_resident_memory_bytes \d+$/m);
    assert.deepEqual(await ask(port, "/debug/pprof/heap", token), [200, "a profile"]);
    assert.equal((await ask(port, "/debug/pprof/heap"))[0], 401);
    assert.equal((await ask(port, "/other", token))[0], 404);
  });
});

Deno.test("profiles that are switched off are not there, and those that Deno does not grant say so", async () => {
  await serving(undefined, async (port, token) => {
    assert.equal((await ask(port, "/debug/pprof/", token))[0], 404);
  });
  await serving(() => Promise.reject(new ProfilerError("run it with the permission")), async (port, token) => {
    assert.deepEqual(await ask(port, "/debug/pprof/heap", token), [501, "run it with the permission\n"]);
  });
});

Deno.test({
  name: "startGrantedProfiler() asks nobody for what was not granted, and says what to grant",
  permissions: { sys: ["hostname"] },
  fn: async () => {
    await assert.rejects(
      startGrantedProfiler(new VirtualClock()),
      (error) => error instanceof ProfilerError && /--allow-sys .*"inspector"/.test(error.message),
    );
  },
});

Deno.test({
  name: "startGrantedProfiler() profiles where Deno lets it",
  permissions: { sys: true },
  fn: async () => {
    using profiler = await startGrantedProfiler(new VirtualClock());
    assert.ok((await profiler.heap()).length > 0);
  },
});

Deno.test("the metrics' certificate comes from files where both are there, else from ourselves", async () => {
  const clock = new VirtualClock();
  const dnsNames = ["localhost"];
  const { serving: pair } = issueSelfSigned({ name: "a", dnsNames, ipAddresses: [], now: clock.now() });
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/k8s-metrics-server/serving-certs`, { recursive: true });
    const read = (path: string): Promise<string | undefined> => Deno.readTextFile(path).catch(() => undefined);
    const first = async (): Promise<string | undefined> => {
      const stop = new AbortController();
      for await (
        const { certificate } of (await metricsCertificates(folder, "host", read, clock)).changes(stop.signal)
      ) {
        return certificate;
      }
      return undefined;
    };
    await Deno.writeTextFile(`${folder}/k8s-metrics-server/serving-certs/tls.crt`, pair.certificate);
    assert.notEqual(await first(), pair.certificate);
    await Deno.writeTextFile(`${folder}/k8s-metrics-server/serving-certs/tls.key`, pair.key);
    assert.equal(await first(), pair.certificate);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a certificate of our own is renewed long before it expires", async () => {
  const clock = new VirtualClock();
  const stop = new AbortController();
  const seen: string[] = [];
  const following = (async () => {
    for await (const { certificate } of selfSignedSource(["localhost"], clock).changes(stop.signal)) {
      seen.push(certificate);
    }
  })();
  await clock.settle();
  await clock.advance(181 * 24 * 3_600_000);
  assert.equal(new Set(seen).size, 2);
  stop.abort();
  await following;
  assert.equal(clock.pending, 0);
});
