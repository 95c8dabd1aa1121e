/**
 * One PATCH through the client beside plain fetch, against a server in the same process: what the server costs is in
 * both. `deno bench -A tests/lib/k8s/client/rest_client_bench.ts`.
 */
import { Api } from "../../../../lib/k8s/api/api.ts";
import type { Patch } from "../../../../lib/k8s/api/patch.ts";
import { createRestClient } from "../../../../lib/k8s/client/mod.ts";
import { secrets } from "../../../../lib/k8s/kinds/core.ts";
import { systemClock as clock } from "../../../../lib/util/clock/mod.ts";
import { systemRandom as random } from "../../../../lib/util/random.ts";
import { secretMetadata } from "../support/metadata_answers.ts";
import { accessTo, serve } from "../support/server.ts";

const answer = JSON.stringify(secretMetadata(1, () => ({ "shard.alpha.sharding.timebertt.dev/ring": "shard-a" })));
const patch: Patch = {
  type: "json",
  operations: [
    { op: "test", path: "/metadata/labels/drain.alpha.sharding.timebertt.dev~1ring", value: null },
    { op: "add", path: "/metadata/labels/shard.alpha.sharding.timebertt.dev~1ring", value: "shard-a" },
  ],
};
const accept = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
const at = 50;
const rounds = Array.from({ length: at });
const server = serve(async (request) => {
  await request.bytes();
  return new Response(answer);
});
const options = { group: `${at} at once`, n: 200, warmup: 50 };

Deno.bench("plain fetch", { ...options, baseline: true }, async () => {
  const headers = { accept, "content-type": "application/json-patch+json", authorization: "Bearer a-token" };
  const path = "/api/v1/namespaces/default/secrets/secret-1?fieldManager=bench";
  await Promise.all(rounds.map(async () => {
    const body = JSON.stringify(patch.type === "json" ? patch.operations : []);
    const response = await fetch(`${server.url}${path}`, { method: "PATCH", headers, body });
    JSON.parse(await response.text());
  }));
});

const client = createRestClient({ config: accessTo(server.url), clock, random });
const api = new Api(client, secrets, { fieldManager: "bench" }).asMetadata();
const { signal } = new AbortController();

Deno.bench("Api.patch()", options, async () => {
  await Promise.all(rounds.map(() => api.inNamespace("default").patch("secret-1", patch, { signal })));
});
