import { serveApi } from "../../../../lib/apiserver/http/mod.ts";
import { ApiServer } from "../../../../lib/apiserver/mod.ts";
import { systemClock } from "../../../../lib/util/clock/mod.ts";
import { systemRandom } from "../../../../lib/util/random.ts";

/** Creates in one run, and how many of them at a time. */
const total = 1_000;
const connections = 16;

for (const tls of [true, false]) {
  Deno.bench(
    `${total} creates over ${tls ? "TLS" : "plain HTTP"} with ${connections} at a time`,
    { n: 3 },
    async (b) => {
      using server = new ApiServer({ clock: systemClock, random: systemRandom });
      await using listener = await serveApi(server, { tls });
      const authority = listener.certificateAuthority;
      using client = Deno.createHttpClient({ caCerts: authority === undefined ? [] : [authority] });
      const url = `${listener.url}/api/v1/namespaces/default/secrets`;
      const headers = { authorization: `Bearer ${listener.users[0]?.token}`, "content-type": "application/json" };
      let next = 0;
      const worker = async (): Promise<void> => {
        while (next < total) {
          const body = JSON.stringify({ metadata: { name: `s-${next++}` }, data: { k: "dg==" } });
          await (await fetch(url, { client, method: "POST", headers, body })).body?.cancel();
        }
      };
      b.start();
      await Promise.all(Array.from({ length: connections }, worker));
      b.end();
    },
  );
}

Deno.bench("start over TLS", { n: 10 }, async () => {
  using server = new ApiServer({ clock: systemClock, random: systemRandom });
  await using _ = await serveApi(server);
});
