import { serveApi } from "../../../../lib/apiserver/http/mod.ts";
import { ApiServer } from "../../../../lib/apiserver/mod.ts";
import { systemClock } from "../../../../lib/util/clock/mod.ts";
import { systemRandom } from "../../../../lib/util/random.ts";
import { secrets, serverFor, type Workload, workloads } from "../workload.ts";

/** Creates in one run, and how many of them at a time. Client and server share one thread. */
const total = 1_000;
const connections = 16;

async function createAll(b: Deno.BenchContext, workload: Workload, tls: boolean): Promise<void> {
  using server = await serverFor(workload);
  await using listener = await serveApi(server, { tls });
  const authority = listener.certificateAuthority;
  // Over HTTP/2 Deno's client holds back bodies of more than 1 kB for 40 ms (Nagle's algorithm), which is not the server's.
  using client = Deno.createHttpClient({ caCerts: authority === undefined ? [] : [authority], http2: false });
  const url = `${listener.url}${workload.path}`;
  const headers = { authorization: `Bearer ${listener.users[0]?.token}`, "content-type": "application/json" };
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < total) {
      const body = JSON.stringify(workload.object(next++));
      const response = await fetch(url, { client, method: "POST", headers, body });
      if (response.status !== 201) throw new Error(await response.text());
      await response.bytes(); // To cancel it would cost the connection.
    }
  };
  b.start();
  await Promise.all(Array.from({ length: connections }, worker));
  b.end();
}

for (const workload of workloads) {
  const name = `HTTPS: ${total} creates of ${workload.name}, ${connections} at a time`;
  Deno.bench(name, { n: 3, group: "https" }, async (b) => await createAll(b, workload, true));
}

Deno.bench(
  `HTTP: ${total} creates of ${secrets.name}, ${connections} at a time`,
  { n: 3, group: "https" },
  async (b) => await createAll(b, secrets, false),
);

Deno.bench("start over TLS", { n: 10 }, async () => {
  using server = new ApiServer({ clock: systemClock, random: systemRandom });
  await using _ = await serveApi(server);
});
