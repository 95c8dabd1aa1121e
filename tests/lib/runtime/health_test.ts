import assert from "node:assert/strict";
import { type HealthChecks, healthHandler, ping } from "../../../lib/runtime/health.ts";
import { VirtualClock } from "../../../lib/util/clock/mod.ts";

const failing = (): void => {
  throw new Error("the cache is cold");
};

async function get(path: string, endpoints: Record<string, HealthChecks>): Promise<[number, string]> {
  const clock = new VirtualClock();
  const response = await healthHandler({ endpoints, clock })(new Request(`http://localhost${path}`));
  assert.equal(clock.pending, 0);
  return [response.status, await response.text()];
}

const cases: readonly (readonly [string, Record<string, HealthChecks>, number, string])[] = [
  ["/healthz", { healthz: { ping } }, 200, "ok"],
  ["/healthz/", { healthz: { ping } }, 200, "ok"],
  ["/healthz", { healthz: {} }, 200, "ok"],
  ["/healthz?verbose", { healthz: { ping, a: ping } }, 200, "[+]a ok\n[+]ping ok\nhealthz check passed\n"],
  ["/healthz/ping", { healthz: {} }, 200, "ok"],
  [
    "/readyz",
    { readyz: { ping, cache: failing } },
    500,
    "[-]cache failed: reason withheld\n[+]ping ok\nreadyz check failed\n",
  ],
  ["/readyz/cache", { readyz: { cache: failing } }, 500, "internal server error: the cache is cold\n"],
  ["/readyz/ping", { readyz: { ping, cache: failing } }, 200, "ok"],
  ["/readyz?exclude=cache", { readyz: { ping, cache: failing } }, 200, "ok"],
  [
    "/readyz?exclude=cache&verbose=true",
    { readyz: { ping, cache: failing } },
    200,
    "[+]cache excluded: ok\n[+]ping ok\nreadyz check passed\n",
  ],
  [
    "/readyz?exclude=b&exclude=c&verbose",
    { readyz: { ping } },
    200,
    '[+]ping ok\nwarn: some health checks cannot be excluded: no matches for "b", "c"\nreadyz check passed\n',
  ],
  ["/readyz/other", { readyz: { ping } }, 404, "404 page not found\n"],
  ["/livez", { readyz: { ping } }, 404, "404 page not found\n"],
  ["/readyz/ping/x", { readyz: { ping } }, 404, "404 page not found\n"],
  ["/", { readyz: { ping } }, 404, "404 page not found\n"],
];

for (const [path, endpoints, status, body] of cases) {
  Deno.test(`healthHandler() answers ${path} with ${status}: ${JSON.stringify(body)}`, async () => {
    assert.deepEqual(await get(path, endpoints), [status, body]);
  });
}

Deno.test("healthHandler() takes a check for failed that does not answer in time", async () => {
  const clock = new VirtualClock();
  let given: AbortSignal | undefined;
  const hanging = (signal: AbortSignal): Promise<void> => {
    given = signal;
    return new Promise(() => {});
  };
  const handler = healthHandler({ endpoints: { readyz: { hanging } }, clock, timeout: 100 });
  const answer = handler(new Request("http://localhost/readyz/hanging"));
  await clock.advance(100);
  const response = await answer;
  assert.equal(response.status, 500);
  assert.match(await response.text(), /the check "hanging" took longer than 100 ms/);
  assert.equal(given?.aborted, true);
});

Deno.test("healthHandler() waits for a check that takes its time", async () => {
  const clock = new VirtualClock();
  const slow = (): Promise<void> => new Promise((resolve) => void clock.timer(50, resolve));
  const answer = healthHandler({ endpoints: { readyz: { slow } }, clock })(new Request("http://localhost/readyz"));
  await clock.advance(50);
  assert.equal((await answer).status, 200);
});

Deno.test("healthHandler() refuses to be written to", async () => {
  const handler = healthHandler({ endpoints: { healthz: {} }, clock: new VirtualClock() });
  const response = await handler(new Request("http://localhost/healthz", { method: "POST" }));
  assert.equal(response.status, 405);
});
