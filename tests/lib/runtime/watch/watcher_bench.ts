/**
 * What the events of a watch cost from bytes to the store, beside JSON.parse of the same lines:
 * `deno bench -A tests/lib/runtime/watch/watcher_bench.ts`. 10,000 events of about 0.8 kB are 8 MB.
 */
import { Api } from "../../../../lib/k8s/api/api.ts";
import { readJsonLines } from "../../../../lib/k8s/client/json_lines.ts";
import { secrets } from "../../../../lib/k8s/kinds/core.ts";
import { dropManagedFields, reflector, StoreWriter, watch } from "../../../../lib/runtime/watch/mod.ts";
import type { PartialObjectMetadata } from "../../../../lib/k8s/types.ts";
import { systemClock as clock } from "../../../../lib/util/clock/mod.ts";
import { systemRandom as random } from "../../../../lib/util/random.ts";
import { watchEvents } from "../../k8s/support/metadata_answers.ts";
import { clientOf } from "../../k8s/support/stub_transport.ts";

const count = 10_000;
const events = watchEvents(count, "ADDED", () => ({ "shard.alpha.sharding.timebertt.dev/ring": "shard-a" }));
const megabytes = (events.length / 1_000_000).toFixed(1);
const group = `${count} events, ${megabytes} MB`;
const decoder = new TextDecoder();
/** As large as the pieces in which answers come. */
const piece = 16_384;

function body(): ReadableStream<Uint8Array<ArrayBuffer>> {
  let at = 0;
  return new ReadableStream({
    pull(controller): void {
      controller.enqueue(events.slice(at, at += piece));
      if (at >= events.length) controller.close();
    },
  });
}

Deno.bench("JSON.parse of the lines", { group, baseline: true }, () => {
  for (const line of decoder.decode(events).split("\n")) if (line !== "") JSON.parse(line);
});

Deno.bench("readJsonLines()", { group }, async () => {
  for await (const _value of readJsonLines(body(), "the benchmark"));
});

Deno.bench("Api.watch()", { group }, async () => {
  const api = new Api(clientOf(() => new Response(body())), secrets).asMetadata();
  for await (const _event of await api.watch({ resourceVersion: "1" }));
});

Deno.bench("watch() into a store, without managedFields", { group }, async () => {
  const stop = new AbortController();
  const api = new Api(clientOf(() => new Response(body())), secrets).asMetadata();
  const store = new StoreWriter<PartialObjectMetadata>();
  const source = watch(api, { clock, random, transform: dropManagedFields, signal: stop.signal });
  let left = count;
  for await (const event of reflector(store, source, () => undefined)) {
    if (event.type === "init_apply" && --left === 0) stop.abort();
  }
});
