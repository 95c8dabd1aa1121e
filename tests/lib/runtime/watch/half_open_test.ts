import assert from "node:assert/strict";
import { Api } from "../../../../lib/k8s/api/api.ts";
import { secrets } from "../../../../lib/k8s/kinds/core.ts";
import { watch } from "../../../../lib/runtime/watch/mod.ts";
import { DeadlineError, VirtualClock } from "../../../../lib/util/clock/mod.ts";
import { seededRandom } from "../../../../lib/util/random.ts";
import { ScriptedClient } from "./scripted_client.ts";

Deno.test("a watch that finds its connection dead gives the request up with what makes clients connect anew", async () => {
  const clock = new VirtualClock();
  const client = new ScriptedClient("never", "never");
  const stop = new AbortController();
  const options = { clock, random: seededRandom(1), listTimeout: 30_000, signal: stop.signal };
  const ended = watch(new Api(client, secrets), options).next();
  await clock.advance(30_000);
  // A DeadlineError, as of any other request whose answer does not come: see KubeRestClient.
  assert.ok(client.asked[0]?.signal?.reason instanceof DeadlineError);
  await clock.advance(5_000);
  assert.equal(client.asked.length, 2);
  stop.abort();
  assert.equal((await ended).done, true);
  assert.ok(!(client.asked[1]?.signal?.reason instanceof DeadlineError), "a stop says nothing of the connection");
  assert.equal(clock.pending, 0);
});
