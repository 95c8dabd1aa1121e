import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { get } from "node:https";
import { freePorts } from "../controlplane/ports.ts";
import { eventually } from "../controlplane/processes.ts";
import { install } from "./support/installation.ts";

/** Asks as Prometheus does, without looking at the certificate. */
function ask(port: number, path: string, token?: string): Promise<{ status: number; body: Uint8Array }> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, path, headers, rejectUnauthorized: false, agent: false as const };
    get(options, (response) => {
      const chunks: Uint8Array[] = [];
      response.on("data", (chunk: Uint8Array) => chunks.push(chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }));
      response.on("error", reject);
    }).on("error", reject);
  });
}

Deno.test("a real API server decides who may read the sharder's metrics and profiles", async () => {
  await using cluster = await install();
  for (const account of ["prometheus", "profiler", "nobody"]) {
    await cluster.kubectl("create", "serviceaccount", account);
  }
  const bind = (role: string, account: string): Promise<string> =>
    cluster.kubectl(
      "create",
      "clusterrolebinding",
      account,
      `--clusterrole=sharding:sharder:${role}`,
      `--serviceaccount=default:${account}`,
    );
  await bind("metrics-reader", "prometheus");
  await bind("pprof-reader", "profiler");
  const tokenOf = async (account: string): Promise<string> =>
    (await cluster.kubectl("create", "token", account)).trim();
  const [prometheus, profiler, nobody] = await Promise.all(["prometheus", "profiler", "nobody"].map(tokenOf));
  const [port = 0] = await freePorts(1);
  await cluster.startSharder({ metrics: { bindAddress: `127.0.0.1:${port}` } });
  await eventually("metrics are served", () => ask(port, "/metrics").then(({ status }) => status === 401, () => false));
  const status = async (path: string, token: string | undefined): Promise<number> =>
    (await ask(port, path, token)).status;
  assert.deepEqual(
    await Promise.all([
      status("/metrics", prometheus),
      status("/metrics", profiler),
      status("/metrics", nobody),
      status("/metrics", "nonsense"),
      status("/metrics", `${prometheus}x`),
      status("/debug/pprof/heap", prometheus),
      status("/debug/pprof/heap", profiler),
      status("/debug/pprof/", profiler),
      status("/other", profiler),
    ]),
    // The process has no permission of Deno to profile itself.
    [200, 403, 403, 401, 401, 403, 501, 200, 403],
  );
  await eventually("it leads", async () => {
    const text = new TextDecoder().decode((await ask(port, "/metrics", prometheus)).body);
    assert.match(text, /^rest_client_requests_total\{code="201",method="POST",host="127\.0\.0\.1:\d+"\} \d+$/m);
    return /^leader_election_master_status\{name="sharder"\} 1$/m.test(text);
  });
});
