import { isJsonObject } from "../../../lib/k8s/errors.ts";
import { ApiServer } from "../../../lib/apiserver/mod.ts";
import type { RestClient } from "../../../lib/k8s/contract.ts";
import { systemClock } from "../../../lib/util/clock/mod.ts";
import { systemRandom } from "../../../lib/util/random.ts";
import { secrets, serverFor, workloads } from "./workload.ts";

const creates = 2_000;

for (const workload of workloads) {
  Deno.bench(`direct: ${creates} creates of ${workload.name}`, { n: 5, group: "creates" }, async (b) => {
    using server = await serverFor(workload);
    using client = server.client();
    b.start();
    for (let index = 0; index < creates; index++) {
      await client.performRequest({ method: "POST", path: workload.path, bodyJson: workload.object(index) });
    }
    b.end();
  });
}

const many = 100_000;
let filled: Promise<ApiServer> | undefined;

/** A server with many Secrets; the benchmarks share it, as to fill it takes longer than they do. */
function full(): Promise<ApiServer> {
  return filled ??= fill();
}

async function fill(): Promise<ApiServer> {
  const server = await serverFor(secrets);
  using client = server.client();
  for (let index = 0; index < many; index++) {
    await client.performRequest({ method: "POST", path: secrets.path, bodyJson: secrets.object(index) });
  }
  return server;
}

async function listAll(client: RestClient, accept: string): Promise<number> {
  const querystring = new URLSearchParams({ limit: "500" });
  for (let count = 0;;) {
    const list = await client.performRequest({
      method: "GET",
      path: secrets.path,
      querystring,
      accept,
      expectJson: true,
    });
    if (!isJsonObject(list) || !Array.isArray(list["items"])) throw new Error("this is no list");
    count += list["items"].length;
    const next = isJsonObject(list["metadata"]) ? list["metadata"]["continue"] : undefined;
    if (typeof next !== "string") return count;
    querystring.set("continue", next);
  }
}

for (
  const [what, accept] of [
    ["whole", "application/json"],
    ["metadata", "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"],
  ] as const
) {
  Deno.bench(`direct: list of ${many} Secrets in pages of 500, ${what}`, { n: 3, group: "list" }, async (b) => {
    using client = (await full()).client();
    b.start();
    const count = await listAll(client, accept);
    b.end();
    if (count !== many) throw new Error(`${count} objects were listed`);
  });
}

const watchers = 50;
const changes = 1_000;

Deno.bench(`direct: ${changes} creates seen by ${watchers} watchers`, { n: 5, group: "watch" }, async (b) => {
  using server = new ApiServer({ clock: systemClock, random: systemRandom });
  using client = server.client();
  const querystring = new URLSearchParams({ watch: "true", resourceVersion: String(server.revision) });
  const readers = await Promise.all(Array.from({ length: watchers }, async () => {
    const options = { method: "GET", path: secrets.path, querystring, expectStream: true, expectJson: true } as const;
    return (await client.performRequest(options)).getReader();
  }));
  const readAll = async (reader: ReadableStreamDefaultReader): Promise<void> => {
    for (let seen = 0; seen < changes; seen++) await reader.read();
    await reader.cancel();
  };
  b.start();
  const seen = Promise.all(readers.map(readAll));
  for (let index = 0; index < changes; index++) {
    await client.performRequest({ method: "POST", path: secrets.path, bodyJson: secrets.object(index) });
  }
  await seen;
  b.end();
});
