import assert from "node:assert/strict";
import { waitForApiServer } from "../../../commands/common/api_server.ts";
import type { RequestOptions, RestClient } from "../../../lib/k8s/contract.ts";
import { ApiError, ConnectionError } from "../../../lib/k8s/errors.ts";
import { VirtualClock } from "../../../lib/util/clock/mod.ts";
import { configureLogging } from "../../../lib/util/log.ts";
import { seededRandom } from "../../../lib/util/random.ts";
import { scriptedClient } from "./scripted_client.ts";

async function setUp(answer: (attempt: number, request: RequestOptions) => Promise<null>): Promise<{
  readonly clock: VirtualClock;
  readonly lines: string[];
  readonly attempts: () => number;
  readonly client: RestClient;
}> {
  const clock = new VirtualClock();
  const lines: string[] = [];
  await configureLogging({ format: "text", level: "info", clock, write: (line) => void lines.push(line.slice(25)) });
  let attempts = 0;
  const client = scriptedClient((request) => answer(++attempts, request));
  return { clock, lines, attempts: () => attempts, client };
}

const refused = (): Promise<never> =>
  Promise.reject(new ConnectionError("GET /version: the connection to test:6443 failed: nothing listens there"));

Deno.test("waitForApiServer() tries until the server answers, with one line per problem", async () => {
  const { clock, lines, attempts, client } = await setUp((attempt) => attempt < 6 ? refused() : Promise.resolve(null));
  const signal = new AbortController().signal;
  const ready = waitForApiServer({ client, description: "test:6443", clock, random: seededRandom(1), signal });
  await clock.advance(60_000);
  await ready;
  assert.equal(attempts(), 6);
  assert.deepEqual(lines, [
    "ERROR sharding.command waiting for the API server server=test:6443 " +
    'problem="GET /version: the connection to test:6443 failed: nothing listens there"\n',
    "INFO  sharding.command the API server answers now server=test:6443\n",
  ]);
  assert.equal(clock.pending, 0);
});

Deno.test("waitForApiServer() is silent when the server answers at once", async () => {
  const { clock, lines, client } = await setUp(() => Promise.resolve(null));
  const signal = new AbortController().signal;
  await waitForApiServer({ client, description: "test", clock, random: seededRandom(1), signal });
  assert.deepEqual(lines, []);
});

Deno.test("waitForApiServer() takes a refusal for an answer, but not refused credentials", async () => {
  const refusal = (code: number): ApiError =>
    new ApiError("GET /version", { code, reason: "", message: "", causes: [] });
  const { clock, attempts, client } = await setUp((attempt) =>
    Promise.reject(refusal(attempt === 1 ? 401 : attempt === 2 ? 503 : 403))
  );
  const signal = new AbortController().signal;
  const ready = waitForApiServer({ client, description: "test", clock, random: seededRandom(1), signal });
  await clock.advance(10_000);
  await ready;
  assert.equal(attempts(), 3);
});

Deno.test("waitForApiServer() gives up a try that gets no answer, and says how long it took", async () => {
  const { clock, lines, client } = await setUp((attempt, { abortSignal }) =>
    attempt > 1
      ? Promise.resolve(null)
      : new Promise((_, reject) => abortSignal?.addEventListener("abort", () => reject(abortSignal.reason)))
  );
  const signal = new AbortController().signal;
  const ready = waitForApiServer({ client, description: "test", clock, random: seededRandom(1), signal });
  await clock.advance(11_000);
  await ready;
  assert.match(lines[0] ?? "", /problem="the request to test took longer than 10000 ms"/);
});

Deno.test("waitForApiServer() stops when it is told to", async () => {
  const { clock, client } = await setUp(refused);
  const controller = new AbortController();
  const ready = waitForApiServer({
    client,
    description: "test",
    clock,
    random: seededRandom(1),
    signal: controller.signal,
  });
  const stopped = assert.rejects(ready, { message: "enough" });
  await clock.advance(100);
  controller.abort(new Error("enough"));
  await stopped;
  assert.equal(clock.pending, 0);
});
