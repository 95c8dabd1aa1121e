import assert from "node:assert/strict";
import { VirtualClock } from "../../lib/util/clock/mod.ts";
import { seededRandom } from "../../lib/util/random.ts";
import { type AdmissionReport, type WebhookApp, webhookApp, type WebhookAppOptions } from "../../webhook/app.ts";
import type { Assignment } from "../../webhook/handler.ts";
import { readAnswer } from "./answers.ts";
import { exampleRing, review, secret, viewOf } from "./rings.ts";

const url = "https://localhost/webhooks/sharder/controllerring/example?timeout=5s";
const json = { "content-type": "application/json" };

interface Setup extends Disposable {
  readonly app: WebhookApp;
  readonly clock: VirtualClock;
  readonly assignments: Assignment[];
}

function setUp(options: Partial<WebhookAppOptions> = {}): Setup {
  const clock = new VirtualClock();
  const assignments: Assignment[] = [];
  const app = webhookApp({
    lookup: (ring) => ring === "example" ? exampleRing() : undefined,
    random: seededRandom(1),
    clock,
    observer: { onAssignment: (assignment) => assignments.push(assignment) },
    ...options,
  });
  return { app, clock, assignments, [Symbol.dispose]: () => app[Symbol.dispose]() };
}

function post(body: BodyInit, headers: Record<string, string> = json, to = url): Request {
  return new Request(to, { method: "POST", body, headers });
}

function sized(text: string): Request {
  return post(text, { ...json, "content-length": String(new TextEncoder().encode(text).length) });
}

/** A body that comes in parts, the last of which the test may hold back for ever. */
function stream(...parts: readonly (string | "stall")[]): ReadableStream<Uint8Array> {
  const left = [...parts];
  return new ReadableStream({
    pull(controller): void | Promise<void> {
      const part = left.shift();
      if (part === undefined) return controller.close();
      if (part === "stall") return new Promise(() => {});
      controller.enqueue(new TextEncoder().encode(part));
    },
  });
}

Deno.test("webhookApp() answers a review and reports the assignment", async () => {
  using setup = setUp();
  const { app, assignments } = setup;
  const response = await app.handle(sized(JSON.stringify(review())));
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type"), "application/json");
  assert.equal(readAnswer(await response.text()).patch?.length, 1);
  assert.deepEqual(assignments, [{ ring: "example", group: "", resource: "secrets" }]);
  assert.equal(app.inFlight, 0);
});

Deno.test("webhookApp() reads a body that comes in parts, cut within a character", async () => {
  using setup = setUp();
  const text = JSON.stringify(review({ name: "\u00e4\u00f6\u00fc" }));
  const bytes = new TextEncoder().encode(text);
  const cut = bytes.indexOf(0xc3) + 1;
  const body = new ReadableStream<Uint8Array>({
    start(controller): void {
      controller.enqueue(bytes.subarray(0, cut));
      controller.enqueue(bytes.subarray(cut));
      controller.close();
    },
  });
  const response = await setup.app.handle(post(body));
  assert.notEqual(readAnswer(await response.text()).patch, undefined);
});

Deno.test("webhookApp() counts no dry run", async () => {
  using setup = setUp();
  await setup.app.handle(sized(JSON.stringify(review({ dryRun: true }))));
  assert.deepEqual(setup.assignments, []);
});

Deno.test("webhookApp() takes the ring from the path as it is written", async () => {
  const asked: string[] = [];
  using setup = setUp({
    lookup: (ring) => {
      asked.push(ring);
      return undefined;
    },
  });
  for (const ring of ["other", "a/b", "a%2Fb", ".."]) {
    const to = `https://localhost/webhooks/sharder/controllerring/${ring}`;
    const request = post(JSON.stringify(review()));
    Object.defineProperty(request, "url", { value: to });
    const response = await setup.app.handle(request);
    assert.equal(readAnswer(await response.text()).patch, undefined);
  }
  assert.deepEqual(asked, ["other", "a/b", "a%2Fb", ".."]);
});

const refusals: readonly {
  readonly what: string;
  readonly request: () => Request;
  readonly status: number;
  readonly says: RegExp;
}[] = [
  { what: "another path", request: () => post("{}", json, "https://localhost/x"), status: 404, says: /not found/ },
  {
    what: "a path without a ring",
    request: () => post("{}", json, "https://localhost/webhooks/sharder/controllerring/"),
    status: 404,
    says: /not found/,
  },
  { what: "another method", request: () => new Request(url), status: 405, says: /use POST/ },
  {
    what: "another content type",
    request: () => post("{}", { "content-type": "text/plain" }),
    status: 415,
    says: /json/,
  },
  { what: "no content type", request: () => post(new Uint8Array([123, 125]), {}), status: 415, says: /json/ },
  { what: "what is no JSON", request: () => post("{"), status: 400, says: /the body is not JSON/ },
  { what: "an empty body", request: () => post(""), status: 400, says: /the body is not JSON/ },
  { what: "what is no review", request: () => post("{}"), status: 400, says: /kind must be AdmissionReview/ },
  {
    what: "a length above the limit",
    request: () => post("{}", { ...json, "content-length": "1001" }),
    status: 413,
    says: /at most 1000 bytes/,
  },
  {
    what: "a stream that grows above the limit",
    request: () => post(stream("x".repeat(900), "x".repeat(101), "stall")),
    status: 413,
    says: /at most 1000 bytes/,
  },
];

for (const { what, request, status, says } of refusals) {
  Deno.test(`webhookApp() refuses ${what} with ${status}`, async () => {
    using setup = setUp({ bodyLimit: 1_000 });
    const response = await setup.app.handle(request());
    assert.equal(response.status, status);
    assert.match(await response.text(), says);
    assert.equal(setup.app.inFlight, 0);
  });
}

Deno.test("webhookApp() takes a content type with a charset", async () => {
  using setup = setUp();
  const response = await setup.app.handle(post("{}", { "content-type": "Application/JSON; charset=utf-8" }));
  assert.equal(response.status, 400);
});

Deno.test("webhookApp() gives up on a client that does not finish its request", async () => {
  using setup = setUp({ bodyTimeout: 1_000 });
  const { app, clock } = setup;
  const answer = app.handle(post(stream("{", "stall")));
  await clock.advance(999);
  assert.equal(app.inFlight, 1);
  await clock.advance(1_001);
  assert.equal((await answer).status, 408);
  assert.equal(app.inFlight, 0);
});

Deno.test("webhookApp() reads no more of a large body whose time is up", async () => {
  using setup = setUp({ bodyTimeout: 1_000 });
  let isCancelled = false;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode("{")),
    cancel: () => void (isCancelled = true),
  });
  const answer = setup.app.handle(post(body, { ...json, "content-length": "7000000" }));
  await setup.clock.advance(2_000);
  assert.equal((await answer).status, 408);
  assert.ok(isCancelled);
});

Deno.test("webhookApp() has no timer once nothing is read any more", async () => {
  using setup = setUp({ bodyTimeout: 1_000 });
  await setup.app.handle(sized(JSON.stringify(review())));
  await setup.clock.advance(2_000);
  assert.equal(setup.clock.pending, 0);
});

Deno.test("webhookApp() gives its timer back when it is disposed of", async () => {
  using setup = setUp();
  await setup.app.handle(sized(JSON.stringify(review())));
  assert.equal(setup.clock.pending, 1);
  setup.app[Symbol.dispose]();
  assert.equal(setup.clock.pending, 0);
});

Deno.test("webhookApp() says so when a body breaks off", async () => {
  using setup = setUp();
  const body = new ReadableStream<Uint8Array>({ start: (controller) => controller.error(new Error("reset")) });
  const response = await setup.app.handle(post(body));
  assert.equal(response.status, 400);
});

Deno.test("webhookApp() lets requests through unassigned when too many are under way", async () => {
  using setup = setUp({ maxRequests: 1 });
  const { app, assignments } = setup;
  const slow = app.handle(post(stream("{", "stall")));
  const response = await app.handle(sized(JSON.stringify(review())));
  const answer = readAnswer(await response.text());
  assert.equal(answer.patch, undefined);
  assert.equal(answer.uid, "705ab4f5-6393-11e8-b7cc-42010a800002");
  assert.match(String(answer.message), /too many requests/);
  assert.deepEqual(assignments, []);
  await setup.clock.advance(20_000);
  assert.equal((await slow).status, 408);
});

Deno.test("webhookApp() lets requests through unassigned when too much is being read", async () => {
  using setup = setUp({ maxBytes: 1_000, bodyLimit: 900 });
  const slow = setup.app.handle(post(stream("{", "stall"))); // Counts with the limit at once, which is small.
  const response = await setup.app.handle(post(JSON.stringify(review()).slice(0, 800)));
  assert.equal(readAnswer(await response.text()).patch, undefined);
  await setup.clock.advance(20_000);
  await slow;
});

Deno.test("webhookApp() lets a request through unassigned when there is no room for all of it", async () => {
  using setup = setUp({ maxBytes: 200_000 });
  const [start, rest] = [JSON.stringify(review()).slice(0, -1), ",".repeat(50_000)];
  const first = setup.app.handle(post(stream("x".repeat(120_000), "stall")));
  // Neither says how large it will be, so that both begin.
  const response = await setup.app.handle(post(stream(start, rest, rest, "stall")));
  const { patch, message } = readAnswer(await response.text());
  assert.deepEqual([patch, message], [undefined, "too many requests, not assigned"]);
  await setup.clock.advance(20_000);
  assert.equal((await first).status, 408);
  assert.equal(setup.app.inFlight, 0);
});

Deno.test("webhookApp() takes 100 requests at a time that do not say how large they are", async () => {
  using setup = setUp();
  const responses = await Promise.all(
    Array.from({ length: 100 }, () => setup.app.handle(post(JSON.stringify(review())))),
  );
  for (const response of responses) assert.notEqual(readAnswer(await response.text()).patch, undefined);
});

Deno.test("webhookApp() asks to try again when it is overloaded and cannot see the uid at the beginning", async () => {
  using setup = setUp({ maxRequests: 0 });
  const { request, ...rest } = review();
  const response = await setup.app.handle(sized(JSON.stringify({ ...rest, padding: "", request })));
  assert.equal(response.status, 503);
});

Deno.test("webhookApp() turns requests away unread beyond four times what may be under way", async () => {
  const reports: AdmissionReport[] = [];
  using setup = setUp({ maxRequests: 2, observer: { onRequest: (report) => reports.push(report) } });
  const { app, clock } = setup;
  const slow = Array.from({ length: 8 }, () => app.handle(post(stream("{", "stall"))));
  assert.equal(app.inFlight, 8);
  const late = post(stream("stall"));
  const response = await app.handle(late);
  assert.equal(response.status, 503);
  assert.equal(late.bodyUsed, false);
  assert.deepEqual(reports, [{ ring: "example", outcome: "shed", status: 503, seconds: 0 }]);
  await clock.advance(20_000);
  for (const answer of slow) assert.equal((await answer).status, 408);
  assert.equal((await app.handle(sized(JSON.stringify(review())))).status, 200);
});

Deno.test("webhookApp() answers although those who listen, or the rings, fail", async () => {
  const fail = (): never => {
    throw new Error("boom");
  };
  using setup = setUp({ observer: { onAssignment: fail, onRequest: fail } });
  const ask = async ({ app }: Setup): Promise<unknown> =>
    readAnswer(await (await app.handle(sized(JSON.stringify(review())))).text()).patch;
  assert.notEqual(await ask(setup), undefined);
  assert.equal(setup.app.inFlight, 0);
  using broken = setUp({ lookup: fail });
  assert.equal(await ask(broken), undefined);
});

const limit = 7 * 1_048_576;

/** A review that has exactly so many bytes, a part of them labels. */
function largeReview(bytes: number): string {
  const labels = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`${"k".repeat(40)}${index}`, "v"]));
  const text = JSON.stringify(review({ object: secret({ name: "foo", namespace: "default", labels }) }));
  return text.replace('"c2VjcmV0"', `"${"x".repeat(bytes - text.length + "c2VjcmV0".length)}"`);
}

Deno.test("webhookApp() assigns an object with 20,000 labels in a review of 7 MiB, and takes no byte more", async () => {
  using setup = setUp();
  const text = largeReview(limit);
  assert.equal(text.length, limit);
  for (const request of [sized(text), post(text)]) {
    const answer = readAnswer(await (await setup.app.handle(request)).text());
    assert.equal(answer.patch?.[0]?.path, "/metadata/labels/shard.alpha.sharding.timebertt.dev~1example");
  }
  for (const request of [sized(largeReview(limit + 1)), post(largeReview(limit + 1))]) {
    assert.equal((await setup.app.handle(request)).status, 413);
  }
});

Deno.test("webhookApp() assigns an object that is nested as deeply as JSON can be", async () => {
  using setup = setUp();
  const text = JSON.stringify(review()).replace(
    '"data":{',
    `"data":{"deep":${"[".repeat(100_000)}${"]".repeat(100_000)},`,
  );
  const answer = readAnswer(await (await setup.app.handle(sized(text))).text());
  assert.notEqual(answer.patch, undefined);
});

Deno.test("webhookApp() says in few words what is wrong with a large body", async () => {
  using setup = setUp();
  const nested = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
  for (const kind of [nested, JSON.stringify("x".repeat(100_000)), "{}", "null"]) {
    const response = await setup.app.handle(sized(`{"kind":${kind},"apiVersion":"admission.k8s.io/v1"}`));
    assert.equal(response.status, 400);
    assert.match(await response.text(), /^not an AdmissionReview: kind must be AdmissionReview, it is .{1,120}\n$/);
  }
});

Deno.test("webhookApp() keeps no more than 32 MiB of bodies at a time, and lets the others through", async () => {
  const outcomes = new Map<string, number>();
  const count = ({ outcome }: AdmissionReport): void => void outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  using setup = setUp({ observer: { onRequest: count } });
  const bytes = new TextEncoder().encode(largeReview(limit));
  const headers = { ...json, "content-length": String(bytes.length) };
  const responses = await Promise.all(Array.from({ length: 20 }, () => setup.app.handle(post(bytes, headers))));
  for (const response of responses) readAnswer(await response.text());
  assert.deepEqual(Object.fromEntries(outcomes), { assigned: 4, shed: 16 });
});

Deno.test("webhookApp() answers with the usual names in one packet", async () => {
  const shard = "webhosting-operator-7d9f8b6c5d-x2x4z";
  using setup = setUp({ lookup: () => exampleRing({ view: viewOf(shard) }) });
  const ringUrl = "https://localhost/webhooks/sharder/controllerring/webhosting-operator-production-eu1";
  for (const labels of [undefined, { app: "website" }]) {
    const body = JSON.stringify(review({ object: secret({ name: "foo", namespace: "default", labels }) }));
    const response = await setup.app.handle(post(body, { ...json, "content-length": String(body.length) }, ringUrl));
    const text = await response.text();
    assert.notEqual(readAnswer(text).patch, undefined);
    assert.ok(text.length <= 400, String(text.length));
  }
});
