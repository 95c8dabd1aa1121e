import assert from "node:assert/strict";
import { ConnectionError } from "../../../../lib/k8s/errors.ts";
import { dropManagedFields } from "../../../../lib/runtime/watch/mod.ts";
import { brief, Informing } from "./informing.ts";
import {
  added,
  bookmark,
  configMap,
  deleted,
  ended,
  errorEvent,
  initialEnd,
  modified,
  open,
  page,
  refusal,
  ScriptedClient,
} from "./scripted_client.ts";

Deno.test("Informer shows objects only after the initial list is complete, all at once", async () => {
  const stream = open(added("a", 1), added("b", 2));
  await using informing = new Informing(new ScriptedClient(stream)).start();
  const events = informing.subscribe();
  await informing.clock.settle();
  assert.deepEqual([informing.stored(), informing.informer.store.ready, brief(events)], [[], false, []]);
  stream.send(initialEnd(10));
  await informing.clock.settle();
  assert.deepEqual(informing.stored(), ["a@1", "b@2"]);
  assert.deepEqual(brief(events), ["+a@1!", "+b@2!"]);
  assert.equal(informing.informer.store.ready, true);
});

Deno.test("Informer tells each subscriber the objects that are there and then every change", async () => {
  const stream = open(added("a", 1), initialEnd(10));
  await using informing = new Informing(new ScriptedClient(stream)).start();
  const early = informing.subscribe();
  await informing.clock.settle();
  stream.send(modified("a", 11), added("b", 12));
  await informing.clock.settle();
  const late = informing.subscribe();
  stream.send(deleted("a", 13), modified("b", 14));
  await informing.clock.settle();
  assert.deepEqual(brief(early), ["+a@1!", "a@1>a@11", "+b@12", "-a@13", "b@12>b@14"]);
  assert.deepEqual(brief(late), ["+a@11!", "+b@12!", "-a@13", "b@12>b@14"]);
  assert.equal(informing.informer.store.get({ namespace: "default", name: "b" })?.metadata.resourceVersion, "14");
  assert.equal(informing.informer.store.get({ namespace: "other", name: "b" }), undefined);
});

Deno.test("Informer keeps for a slow subscriber what it has not taken yet, and reads on meanwhile", async () => {
  const stream = open(added("a", 1), initialEnd(10));
  await using informing = new Informing(new ScriptedClient(stream)).start();
  const slow = informing.informer.events()[Symbol.asyncIterator]();
  await informing.clock.settle();
  for (let version = 11; version < 1_011; version++) stream.send(modified("a", version));
  await informing.clock.settle();
  assert.deepEqual(informing.stored(), ["a@1010"]);
  const taken = [];
  for (let i = 0; i < 1_001; i++) {
    const { value } = await slow.next();
    taken.push(value?.object.metadata.resourceVersion);
  }
  assert.deepEqual(taken, ["1", ...Array.from({ length: 1_000 }, (_, i) => String(i + 11))]);
});

Deno.test("Informer computes what was deleted, changed and recreated while its watch was down", async () => {
  const first = open(added("a", 1), added("b", 2), added("c", 3), added("d", 4), initialEnd(10));
  const again = open(added("a", 1), added("b", 20), added("d", 21, { uid: "another" }), added("e", 22), initialEnd(30));
  await using informing = new Informing(new ScriptedClient(first, again)).start();
  const events = informing.subscribe();
  await informing.clock.settle();
  brief(events);
  const kept = informing.informer.store.get({ namespace: "default", name: "a" });
  first.send(errorEvent(410, "Expired"));
  await informing.clock.settle();
  assert.deepEqual(brief(events), ["-c@3", "b@2>b@20", "-d@4", "+d@21", "+e@22"]);
  assert.deepEqual(informing.stored(), ["a@1", "b@20", "d@21", "e@22"]);
  assert.equal(informing.informer.store.get({ namespace: "default", name: "a" }), kept);
});

Deno.test("Informer keeps its objects while a relist is under way or broken", async () => {
  const first = open(added("a", 1), added("b", 2), initialEnd(10));
  const cut = open(added("a", 20));
  await using informing = new Informing(new ScriptedClient(first, cut, page(40, [configMap("b", 2)]), open())).start();
  const events = informing.subscribe();
  await informing.clock.settle();
  brief(events);
  first.send(errorEvent(410, "Expired"));
  await informing.clock.settle();
  assert.deepEqual(informing.stored(), ["a@1", "b@2"]);
  cut.end();
  await informing.clock.settle();
  assert.deepEqual([informing.stored(), brief(events)], [["a@1", "b@2"], []]);
  await informing.clock.advance(1_200);
  assert.deepEqual([informing.stored(), brief(events)], [["b@2"], ["-a@1"]]);
});

Deno.test("Informer finds objects by index", async () => {
  const stream = open(
    added("a", 1, { labels: { shard: "x" } }),
    added("b", 2, { labels: { shard: "y" } }),
    added("c", 3, { labels: { shard: "x" } }),
    initialEnd(10),
  );
  const again = open(added("b", 30, { labels: { shard: "x" } }), initialEnd(40));
  await using informing = new Informing(new ScriptedClient(stream, again), {
    indices: { shard: (object) => [object.metadata.labels?.["shard"] ?? "none"] },
  }).start();
  await informing.clock.settle();
  const { store } = informing.informer;
  const names = (value: string): string[] => store.byIndex("shard", value).map(({ metadata }) => metadata.name).sort();
  assert.deepEqual([names("x"), names("y"), names("z")], [["a", "c"], ["b"], []]);
  stream.send(modified("a", 11, { labels: { shard: "y" } }), deleted("c", 12, { labels: {} }), added("d", 13));
  await informing.clock.settle();
  assert.deepEqual([names("x"), names("y"), names("none")], [[], ["a", "b"], ["d"]]);
  stream.send(errorEvent(410, "Expired"));
  await informing.clock.settle();
  assert.deepEqual([names("x"), names("y"), names("none")], [["b"], [], []]);
  assert.throws(() => store.byIndex("zone", "x"), /no index "zone"; it has: shard/);
});

Deno.test("Informer keeps what transform returns", async () => {
  const object = {
    managedFields: [{ manager: "kubectl" }],
    annotations: { "kubectl.kubernetes.io/last-applied-configuration": "{}", note: "kept" },
  };
  await using informing = new Informing(new ScriptedClient(open(added("a", 1, object), initialEnd(2))), {
    transform: dropManagedFields,
  }).start();
  await informing.clock.settle();
  const metadata = informing.informer.store.get({ namespace: "default", name: "a" })?.metadata;
  assert.deepEqual(metadata, {
    name: "a",
    namespace: "default",
    uid: "uid-a",
    resourceVersion: "1",
    annotations: { note: "kept" },
  });
});

Deno.test("Informer sends all objects again after each resync period", async () => {
  const stream = open(added("a", 1), initialEnd(10));
  await using informing = new Informing(new ScriptedClient(stream), { resyncPeriod: 60_000 }).start();
  const events = informing.subscribe();
  await informing.clock.advance(59_999);
  assert.deepEqual(brief(events), ["+a@1!"]);
  await informing.clock.advance(6_001);
  assert.deepEqual(brief(events), ["=a@1"]);
  stream.send(added("b", 11));
  await informing.clock.advance(66_000);
  assert.deepEqual(brief(events), ["+b@11", "=a@1", "=b@11"]);
  await informing.stop();
  assert.equal(informing.clock.pending, 0);
});

Deno.test("Informer says since when it has watched without a gap that counts", async () => {
  const down = new ConnectionError("connection refused");
  const [first, second, third] = [open(initialEnd(10)), open(), open()];
  const client = new ScriptedClient(first, second, down, down, third);
  await using informing = new Informing(client, { gapTolerance: 2_000 }).start();
  const { informer, clock } = informing;
  assert.equal(informer.watchingSince, undefined);
  await clock.advance(10_000);
  assert.equal(informer.watchingSince, 0);
  first.end();
  await clock.advance(10_000);
  assert.equal(informer.watchingSince, 0, "a clean end and an immediate reconnect is no gap");
  second.send(bookmark(11));
  await clock.advance(1_000);
  second.fail(new ConnectionError("connection reset by peer"));
  await clock.settle();
  assert.equal(informer.watchingSince, 0, "a gap of 1 s is within the tolerance");
  await clock.advance(1_001);
  assert.equal(informer.watchingSince, undefined, "a gap counts from when something was last heard");
  await clock.advanceUntil(() => client.asked.length === 5, 10_000);
  assert.equal(informer.watchingSince, clock.monotonic());
});

Deno.test("Informer has not watched before its first list is complete, nor after it stopped", async () => {
  const informing = new Informing(new ScriptedClient(refusal(422), page(9, [], "more"))).start();
  await informing.clock.settle();
  assert.equal(informing.informer.watchingSince, undefined);
  await informing.stop();
  const stopped = new Informing(new ScriptedClient(open(initialEnd(1)))).start();
  await stopped.clock.settle();
  assert.equal(stopped.informer.watchingSince, 0);
  await stopped.stop();
  assert.equal(stopped.informer.watchingSince, undefined);
});

Deno.test("Informer.whenSynced() resolves with the list, and rejects when the informer stops or the caller gives up", async () => {
  const stream = open(added("a", 1));
  const informing = new Informing(new ScriptedClient(stream)).start();
  const { informer } = informing;
  const giveUp = new AbortController();
  const impatient = assert.rejects(informer.whenSynced(giveUp.signal), /enough/);
  giveUp.abort(new Error("enough"));
  await impatient;
  await assert.rejects(informer.whenSynced(giveUp.signal), /enough/);
  const patient = informer.whenSynced(new AbortController().signal);
  stream.send(initialEnd(2));
  await patient;
  await informing.stop();
  await informer.whenSynced();

  const never = new Informing(new ScriptedClient("never")).start();
  const waiting = assert.rejects(never.informer.whenSynced(), /the test is over/);
  await never.stop();
  await waiting;
});

Deno.test("Informer.run() runs once", async () => {
  await using informing = new Informing(new ScriptedClient(open(initialEnd(1)))).start();
  await assert.rejects(informing.informer.run(new AbortController().signal), /started before/);
});

Deno.test("Informer.run() throws what an index function throws, and leaves nothing behind", async () => {
  const stream = open(added("a", 1), initialEnd(2));
  const informing = new Informing(new ScriptedClient(stream), {
    resyncPeriod: 1_000,
    indices: {
      bad: () => {
        throw new TypeError("bad index");
      },
    },
  });
  const events = informing.informer.events()[Symbol.asyncIterator]();
  await assert.rejects(informing.informer.run(new AbortController().signal), /bad index/);
  assert.equal((await events.next()).done, true);
  assert.equal(stream.closed, true);
  assert.equal(informing.clock.pending, 0);
  await assert.rejects(informing.informer.whenSynced(), /has stopped/);
});

Deno.test("Informer.events() ends with its signal, with return(), and with the informer", async () => {
  const stream = open(added("a", 1), initialEnd(10));
  const informing = new Informing(new ScriptedClient(stream)).start();
  const { informer, clock } = informing;
  const abort = new AbortController();
  const aborted = informer.events(abort.signal)[Symbol.asyncIterator]();
  const returned = informer.events()[Symbol.asyncIterator]();
  const lasting = informer.events()[Symbol.asyncIterator]();
  await clock.settle();
  for (const events of [aborted, returned, lasting]) assert.equal((await events.next()).done, false);

  const pending = [aborted.next(), returned.next()];
  abort.abort();
  await returned.return?.();
  assert.deepEqual((await Promise.all(pending)).map(({ done }) => done), [true, true]);
  stream.send(added("b", 11));
  await clock.settle();
  assert.equal((await aborted.next()).done, true);
  assert.equal((await returned.next()).done, true);

  await informing.stop();
  assert.equal((await lasting.next()).done, false, "what waited is still delivered");
  assert.equal((await lasting.next()).done, true);
  const after = await Array.fromAsync(informer.events());
  assert.deepEqual(brief(after), ["+a@1!", "+b@11!"]);
  assert.deepEqual(await Array.fromAsync(informer.events(abort.signal)), []);
});

Deno.test("Informer goes on after a stream that breaks off at once", async () => {
  const client = new ScriptedClient(
    ended(added("a", 1), initialEnd(10)),
    ended(modified("a", 11)),
    open(added("b", 12)),
  );
  await using informing = new Informing(client).start();
  const events = informing.subscribe();
  await informing.clock.advance(2_000);
  assert.deepEqual(brief(events), ["+a@1!", "a@1>a@11", "+b@12"]);
});
