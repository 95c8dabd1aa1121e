import assert from "node:assert/strict";
import { VirtualClock } from "../../../lib/util/clock/mod.ts";
import { untilAborted } from "../../../lib/util/until_aborted.ts";

for (const number of [1, 2]) {
  Deno.test(`untilAborted() resolves when the last of ${number} signals aborts, and not before`, async () => {
    const controllers = Array.from({ length: number }, () => new AbortController());
    let done = false;
    const waiting = untilAborted(...controllers.map(({ signal }) => signal)).then(() => done = true);
    await new VirtualClock().settle();
    assert.equal(done, false);
    controllers.at(-1)?.abort();
    assert.equal(await waiting, true);
  });
}

Deno.test("untilAborted() resolves at once when a signal has aborted", async () => {
  await untilAborted(AbortSignal.abort());
  await untilAborted(new AbortController().signal, AbortSignal.abort());
});
