import assert from "node:assert/strict";
import fc from "fast-check";
import type { InformerEvent } from "../../../../lib/runtime/watch/mod.ts";
import type { ConfigMap } from "../../../../lib/k8s/types.ts";
import { FaultyServer, type RequestFault, type StreamFault } from "./faulty_server.ts";
import { Informing, version } from "./informing.ts";
import { runs } from "../../../support/runs.ts";

type Action =
  | { readonly do: "put" | "remove" | "recreate"; readonly name: string }
  | { readonly do: "bookmark" | "compact" | "subscribe" | "settle" }
  | { readonly do: "break"; readonly fault: StreamFault }
  | { readonly do: "fail next"; readonly fault: RequestFault }
  | { readonly do: "pass"; readonly ms: number };

const name = fc.constantFrom("a", "b", "c", "d", "e");
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("put" as const), name }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom("remove", "recreate"), name }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom("bookmark", "compact", "subscribe", "settle") }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("break" as const),
      fault: fc.constantFrom<StreamFault[]>("end", "reset", "stall", "410", "500", "garbage"),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("fail next" as const),
      fault: fc.constantFrom<RequestFault[]>("refused connection", "no answer", "401", "429", "500", "cut", "stall"),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("pass" as const), ms: fc.constantFrom(1, 500, 1_000, 40_000) }),
  },
);

/** A subscriber's own copy, made from nothing but the events; every event must fit to what came before. */
function replay(events: readonly InformerEvent<ConfigMap>[]): string[] {
  const copy = new Map<string, ConfigMap>();
  const versions = new Map<string, number>();
  for (const event of events) {
    const { name, resourceVersion } = event.object.metadata;
    const before = copy.get(name);
    const version = Number(resourceVersion);
    assert.ok(version >= (versions.get(name) ?? 0), `${name} went back in time`);
    versions.set(name, version);
    switch (event.type) {
      case "added":
        assert.equal(before, undefined, `${name} was added twice`);
        copy.set(name, event.object);
        break;
      case "updated":
        assert.equal(before, event.previous, `${name} was updated from another state than the last one`);
        assert.equal(event.object.metadata.uid, event.previous.metadata.uid);
        copy.set(name, event.object);
        break;
      case "deleted":
        assert.ok(before !== undefined, `${name} was deleted, but not there`);
        copy.delete(name);
        break;
      case "resync":
        assert.equal(before, event.object);
        break;
    }
  }
  return [...copy.values()].map((object) => version(object)).sort();
}

async function converges(actions: readonly Action[], streamingLists: boolean): Promise<void> {
  const server = new FaultyServer(streamingLists);
  const informing = new Informing(server, { pageSize: 2, resyncPeriod: 45_000 }).start();
  try {
    const subscribers = [informing.subscribe()];
    for (const action of actions) {
      switch (action.do) {
        case "put":
          server.put(action.name);
          break;
        case "remove":
          server.remove(action.name);
          break;
        case "recreate":
          server.remove(action.name);
          server.put(action.name);
          break;
        case "bookmark":
          server.bookmark();
          break;
        case "compact":
          server.compact();
          break;
        case "subscribe":
          subscribers.push(informing.subscribe());
          break;
        case "break":
          server.break(action.fault);
          break;
        case "fail next":
          server.failNext(action.fault);
          break;
        case "settle":
          await informing.clock.settle();
          break;
        case "pass":
          await informing.clock.advance(action.ms);
          break;
      }
    }
    server.heal();
    // Long enough for a stalled watch to be noticed, and for the longest pause after it.
    await informing.clock.advance(400_000);
    const expected = [...server.objects].map(([name, { version }]) => `${name}@${String(version)}`).sort();
    assert.deepEqual(informing.stored(), expected);
    for (const events of subscribers) assert.deepEqual(replay(events), expected);
    assert.ok(informing.informer.watchingSince !== undefined);
    assert.equal(server.openStreams, 1);
  } finally {
    await informing.stop();
  }
  assert.equal(informing.clock.pending, 0);
  assert.equal(server.openStreams, 0);
}

Deno.test("Informer ends up with the server's objects, and tells all of it, whatever breaks on the way", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 60 }), fc.boolean(), converges),
    { numRuns: runs(80) },
  );
});
