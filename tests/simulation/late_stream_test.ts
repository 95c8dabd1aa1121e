import assert from "node:assert/strict";
import type { JSONValue } from "../../lib/k8s/contract.ts";
import { VirtualClock } from "../../lib/util/clock/mod.ts";
import { deafness, type Lag, lateStream } from "./late_stream.ts";

const endOfList = { type: "BOOKMARK", object: { metadata: { annotations: { "k8s.io/initial-events-end": "true" } } } };

function event(name: string): JSONValue {
  return { type: "ADDED", object: { metadata: { name } } };
}

/** The name of an event's object, the code of an error, or the type of anything else. */
function nameOf(value: JSONValue | Uint8Array): string {
  const text = JSON.stringify(value);
  for (const pattern of [/"name":"(\w+)"/, /"code":(\d+)/, /"type":"(\w+)"/]) {
    const [, found] = pattern.exec(text) ?? [];
    if (found !== undefined) return found;
  }
  return text;
}

/** Plays a list of two objects, and then a watch of four events and a bookmark; gives what a reader has at the end. */
async function play(lag: Lag, ms: number, catchUp: boolean): Promise<string> {
  const clock = new VirtualClock();
  const caughtUp = new AbortController();
  const values: JSONValue[] = [
    event("a"),
    event("b"),
    endOfList,
    event("c"),
    event("d"),
    { type: "BOOKMARK" },
    event("e"),
  ];
  const source = new ReadableStream<JSONValue>({
    start(controller): void {
      for (const value of values) controller.enqueue(value);
    },
  });
  const parts = { clock, lag, isListed: false, caughtUp: caughtUp.signal, aborted: undefined };
  const reader = lateStream(source, parts).getReader();
  const seen: string[] = [];
  const reading = (async () => {
    for (let next = await reader.read(); !next.done; next = await reader.read()) seen.push(nameOf(next.value));
  })();
  await clock.advance(ms);
  if (catchUp) caughtUp.abort();
  await clock.settle();
  const found = seen.join(" ");
  await reader.cancel();
  await reading;
  assert.equal(clock.pending, 0);
  return found;
}

Deno.test("lateStream() holds the last events back, with the bookmarks that come after them, and nothing of the list", async () => {
  assert.equal(await play(1, 60_000, false), "a b BOOKMARK c d BOOKMARK");
  assert.equal(await play(10, 60_000, false), "a b BOOKMARK");
});

Deno.test("lateStream() lets everything through when it is to catch up", async () => {
  for (const lag of [1, 10, "relist"] as const) {
    assert.equal(await play(lag, 1_000, true), "a b BOOKMARK c d BOOKMARK e");
  }
});

Deno.test("lateStream() is silent from the first event on, and then asks for another list", async () => {
  assert.equal(await play("relist", deafness - 1, false), "a b BOOKMARK");
  assert.equal(await play("relist", deafness, false), "a b BOOKMARK 410");
});
