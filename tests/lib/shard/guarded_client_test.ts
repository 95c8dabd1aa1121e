import assert from "node:assert/strict";
import type { HttpMethods, JSONValue, RequestOptions } from "../../../lib/k8s/contract.ts";
import { type Fence, LeaseFence, momentOf } from "../../../lib/runtime/election/lease_fence.ts";
import { GuardedClient, ShardFencedError } from "../../../lib/shard/guarded_client.ts";
import { VirtualClock } from "../../../lib/util/clock/mod.ts";
import { accessTo, clientOf, serve } from "../k8s/support/server.ts";
import { scriptedClient } from "../../commands/common/scripted_client.ts";

/** A fence that falls at a time, which tests move as renewals would. */
function fenceUntil(clock: VirtualClock, time: { until: number }): Fence {
  const remaining = (): number => Math.max(0, time.until - clock.monotonic());
  return { expired: () => remaining() === 0, remaining, deadline: () => clock.now() + remaining() };
}

interface Sent {
  readonly request: RequestOptions;
  readonly answer: PromiseWithResolvers<JSONValue>;
}

function setUp(): { clock: VirtualClock; time: { until: number }; sent: Sent[]; guarded: GuardedClient } {
  const clock = new VirtualClock();
  const time = { until: 10_000 };
  const sent: Sent[] = [];
  const client = scriptedClient((request) => {
    const answer = Promise.withResolvers<JSONValue>();
    request.abortSignal?.addEventListener("abort", () => answer.reject(request.abortSignal?.reason));
    sent.push({ request, answer });
    return answer.promise;
  });
  return {
    clock,
    time,
    sent,
    guarded: new GuardedClient({ client, fence: fenceUntil(clock, time), lease: "default/shard-a", clock }),
  };
}

const path = "/api/v1/namespaces/default/secrets/foo";

function send(guarded: GuardedClient, method: HttpMethods, abortSignal?: AbortSignal): Promise<JSONValue> {
  return guarded.performRequest({
    method,
    path,
    expectJson: true,
    ...(abortSignal === undefined ? {} : { abortSignal }),
  });
}

const writes: readonly HttpMethods[] = ["POST", "PUT", "PATCH", "DELETE"];
const reads: readonly HttpMethods[] = ["GET", "HEAD", "OPTIONS"];

Deno.test("GuardedClient passes writes on before the deadline, and their answers back", async () => {
  const { clock, sent, guarded } = setUp();
  for (const method of writes) {
    const write = send(guarded, method);
    sent.pop()?.answer.resolve("done");
    assert.equal(await write, "done");
  }
  assert.equal(clock.pending, 0);
});

Deno.test("GuardedClient refuses every write after the deadline, without sending it", async () => {
  const { clock, sent, guarded } = setUp();
  await clock.advance(10_000);
  for (const method of writes) {
    await assert.rejects(send(guarded, method), (error) => {
      assert.ok(error instanceof ShardFencedError);
      assert.equal(
        error.message,
        `${method} ${path} was not sent: Lease default/shard-a is not held any more, ` +
          "so the object may belong to somebody else",
      );
      return true;
    });
  }
  assert.deepEqual(sent, []);
});

Deno.test("GuardedClient passes reads on at any time", async () => {
  const { clock, sent, guarded } = setUp();
  await clock.advance(20_000);
  for (const method of reads) {
    const read = send(guarded, method);
    sent.pop()?.answer.resolve("value");
    assert.equal(await read, "value");
  }
});

Deno.test("GuardedClient refuses tunnels after the deadline: what goes through them is unknown", async () => {
  const { clock, guarded } = setUp();
  await clock.advance(20_000);
  const tunnel = guarded.performRequest({ method: "GET", path: "/exec", expectTunnel: ["v5.channel.k8s.io"] });
  await assert.rejects(tunnel, ShardFencedError);
});

Deno.test("GuardedClient gives up a write that is on its way at the deadline", async () => {
  const { clock, sent, guarded } = setUp();
  await clock.advance(4_000);
  const write = send(guarded, "PATCH");
  const failed = assert.rejects(write, (error) => {
    assert.ok(error instanceof ShardFencedError);
    assert.match(error.message, /was given up on the way/);
    return true;
  });
  await clock.advance(5_999);
  assert.equal(sent[0]?.request.abortSignal?.aborted, false);
  await clock.advance(1);
  await failed;
  assert.equal(clock.pending, 0);
});

Deno.test("GuardedClient lets a write go on when the Lease was renewed meanwhile", async () => {
  const { clock, time, sent, guarded } = setUp();
  const write = send(guarded, "PUT");
  await clock.advance(9_000);
  time.until = 19_000;
  await clock.advance(9_000);
  sent[0]?.answer.resolve("late");
  assert.equal(await write, "late");
  assert.equal(clock.pending, 0);
});

Deno.test("GuardedClient gives up all writes at once when it is told to, and no reads", async () => {
  const { clock, sent, guarded } = setUp();
  const failed = [send(guarded, "POST"), send(guarded, "DELETE")].map((write) =>
    assert.rejects(write, ShardFencedError)
  );
  const read = send(guarded, "GET");
  guarded.abortWrites();
  await Promise.all(failed);
  sent[2]?.answer.resolve("value");
  assert.equal(await read, "value");
  assert.equal(clock.pending, 0);
});

Deno.test("GuardedClient leaves the caller's own abort as it is", async () => {
  const { clock, guarded } = setUp();
  const caller = new AbortController();
  const write = send(guarded, "POST", caller.signal);
  caller.abort(new Error("enough"));
  await assert.rejects(write, { message: "enough" });
  assert.equal(clock.pending, 0);
});

Deno.test("GuardedClient never sends a write that waited for Retry-After past the deadline", async () => {
  const clock = new VirtualClock();
  const fence = new LeaseFence(clock, 10_000);
  let requests = 0;
  await using server = serve(() => {
    requests++;
    return new Response(null, { status: 429, headers: { "retry-after": "5" } });
  });
  using client = clientOf(accessTo(server.url), { clock });
  const guarded = new GuardedClient({ client, fence, lease: "default/shard-a", clock });
  fence.renewed(momentOf(clock));
  const failed = assert.rejects(send(guarded, "PUT"), (error) => {
    assert.ok(error instanceof ShardFencedError);
    assert.match(error.message, /was not sent/);
    return true;
  });
  while ((clock.next ?? Infinity) > 5_500) await clock.settle(); // Until it waits as Retry-After says.
  // The machine is suspended: wall time goes by, and the timers stand still, so Retry-After ends before the fence's.
  clock.jump(60_000);
  await clock.advance(10_000); // With the fence's timer, so that the test also ends when the write was sent.
  await failed;
  assert.equal(requests, 1);
  assert.equal(clock.pending, 0);
});

Deno.test("GuardedClient asks the caller's own beforeSend too", async () => {
  const { clock, sent, guarded } = setUp();
  const write = guarded.performRequest({
    method: "PUT",
    path,
    expectJson: true,
    beforeSend: () => {
      throw new Error("not now");
    },
  });
  const [request] = sent;
  assert.throws(() => request?.request.beforeSend?.(), { message: "not now" });
  request?.answer.resolve("done");
  assert.equal(await write, "done");
  assert.equal(clock.pending, 0);
});
