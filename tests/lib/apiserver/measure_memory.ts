/**
 * What the in-memory API server needs for many objects, and whether changes of them make it grow. Run it with
 * `deno run -A --v8-flags=--expose-gc tests/lib/apiserver/measure_memory.ts [objects]`.
 */
import { memoryUsage } from "node:process";
import { Api } from "../../../lib/k8s/api/api.ts";
import { secrets as secretKind } from "../../../lib/k8s/kinds/core.ts";
import type { RestClient } from "../../../lib/k8s/contract.ts";
import { Informer } from "../../../lib/runtime/watch/mod.ts";
import { systemClock } from "../../../lib/util/clock/mod.ts";
import { systemRandom } from "../../../lib/util/random.ts";
import { secrets, serverFor } from "./workload.ts";

const objects = Number(Deno.args[0] ?? 100_000);
const rounds = 5;

function collect(): void {
  const gc: unknown = Reflect.get(globalThis, "gc");
  if (typeof gc !== "function") throw new Error("run it with --v8-flags=--expose-gc");
  for (let i = 0; i < 3; i++) gc();
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

interface Usage {
  readonly heap: number;
  readonly resident: number;
}

async function usage(): Promise<Usage> {
  // What is under way ends first.
  await new Promise((resolve) => setTimeout(resolve, 200));
  collect();
  const { heapUsed, rss } = memoryUsage();
  return { heap: heapUsed, resident: rss };
}

function report(what: string, now: Usage, before: Usage): void {
  const part = (bytes: number): string => `${(bytes / 1_048_576).toFixed(0)} MiB`;
  const each = (bytes: number): string => `${(bytes / objects).toFixed(0)} B an object`;
  const heap = `heap ${part(now.heap)} (${each(now.heap - before.heap)})`;
  const resident = `resident ${part(now.resident)} (${each(now.resident - before.resident)})`;
  print(`${what.padEnd(44)} ${heap}, ${resident}`);
}

async function createAll(client: RestClient): Promise<void> {
  for (let index = 0; index < objects; index++) {
    await client.performRequest({ method: "POST", path: secrets.path, bodyJson: secrets.object(index) });
  }
}

async function changeAll(client: RestClient, round: number): Promise<void> {
  for (let index = 0; index < objects; index++) {
    const { metadata } = secrets.object(index);
    const name = typeof metadata === "object" && metadata !== null && !Array.isArray(metadata) ? metadata["name"] : "";
    await client.performRequest({
      method: "PATCH",
      path: `${secrets.path}/${name}`,
      contentType: "application/merge-patch+json",
      bodyJson: { metadata: { annotations: { round: String(round) } } },
    });
  }
}

using server = await serverFor(secrets);
using client = server.client();
const json = JSON.stringify(secrets.object(0)).length;
print(`${objects} Secrets, each ${json} bytes as they are sent`);
const empty = await usage();
report("empty", empty, empty);
const begin = performance.now();
await createAll(client);
const seconds = (performance.now() - begin) / 1_000;
print(`created ${(objects / seconds).toFixed(0)} a second`);
report("stored, with history", await usage(), empty);
for (let round = 1; round <= rounds; round++) {
  await changeAll(client, round);
  report(`${round * objects} changes later`, await usage(), empty);
}
server.compact();
report("compacted", await usage(), empty);
const over = new AbortController();
const informer = new Informer(new Api(client, secretKind), { clock: systemClock, random: systemRandom });
const watching = informer.run(over.signal);
while (informer.store.size < objects) await new Promise((resolve) => setTimeout(resolve, 50));
report("an informer in the same process watches", await usage(), empty);
over.abort();
await watching;
