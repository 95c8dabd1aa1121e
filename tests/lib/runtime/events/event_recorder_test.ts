import assert from "node:assert/strict";
import type { JSONObject } from "../../../../lib/k8s/contract.ts";
import { ApiError } from "../../../../lib/k8s/errors.ts";
import type { KubeObject } from "../../../../lib/k8s/types.ts";
import { type EventNote, EventRecorder } from "../../../../lib/runtime/events/mod.ts";
import { VirtualClock } from "../../../../lib/util/clock/mod.ts";
import { seededRandom } from "../../../../lib/util/random.ts";
import { FakeServer, type Network } from "../fake_server.ts";
import { captureLogs } from "../logs.ts";

const secret: KubeObject = {
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "foo", namespace: "project", uid: "1", resourceVersion: "7" },
};
const note: EventNote = { type: "Warning", reason: "Failed", message: "it failed", action: "Reconcile" };

interface Fixture {
  readonly clock: VirtualClock;
  readonly recorder: EventRecorder;
  readonly stored: () => JSONObject[];
  readonly server: FakeServer;
  readonly end: () => Promise<void>;
}

function start(network?: Network, capacity?: number): Fixture {
  const clock = new VirtualClock("2026-01-01T00:00:00Z");
  const server = new FakeServer();
  const recorder = new EventRecorder({
    client: server.client(network),
    reporter: { controller: "sharding.timebertt.dev/sharder", instance: `replica-${"x".repeat(200)}` },
    clock,
    random: seededRandom(1),
    ...(capacity === undefined ? {} : { capacity }),
  });
  const stop = new AbortController();
  const running = recorder.run(stop.signal);
  const end = async (): Promise<void> => {
    stop.abort();
    await clock.settle();
    await running;
    assert.equal(clock.pending, 0);
  };
  return { clock, recorder, server, stored: () => [...server.objects.values()], end };
}

Deno.test("EventRecorder writes an event that the API server's validation accepts", async () => {
  const { clock, recorder, stored, server, end } = start();
  recorder.record(secret, { ...note, message: "\u20ac".repeat(400), reason: "R".repeat(200) });
  await clock.settle();
  const [event] = stored();
  assert.ok(event !== undefined);
  const { metadata, note: text, reportingInstance, reason, ...rest } = event;
  assert.equal(new TextEncoder().encode(String(text)).length <= 1_024, true);
  assert.match(String(text), /^\u20ac{340}\.\.\.$/);
  assert.equal(String(reportingInstance).length, 128);
  assert.equal(String(reason).length, 128);
  assert.deepEqual(rest, {
    apiVersion: "events.k8s.io/v1",
    kind: "Event",
    eventTime: "2026-01-01T00:00:00.000000Z",
    reportingController: "sharding.timebertt.dev/sharder",
    type: "Warning",
    action: "Reconcile",
    regarding: { apiVersion: "v1", kind: "Secret", name: "foo", namespace: "project", uid: "1", resourceVersion: "7" },
  });
  assert.match(JSON.stringify(metadata), /"name":"foo\.[a-z0-9]{16}","namespace":"project"/);
  assert.match([...server.objects.keys()].join(), /^\/apis\/events\.k8s\.io\/v1\/namespaces\/project\/events\/foo\./);
  await end();
});

Deno.test("EventRecorder puts events of objects without namespace into default, under a valid name", async () => {
  const { clock, recorder, server, end } = start();
  recorder.record({ apiVersion: "v1", kind: "ClusterRole", metadata: { name: "Sharding:x..y-" } }, note);
  await clock.settle();
  assert.match([...server.objects.keys()].join(), /\/namespaces\/default\/events\/sharding-x\.y\.[a-z0-9]{16}$/);
  await end();
});

Deno.test("EventRecorder counts repetitions in one event, and begins anew after a quiet time", async () => {
  const { clock, recorder, stored, end } = start();
  const counts = (): unknown[] => stored().map(({ series }) => series);
  recorder.record(secret, note);
  await clock.advance(10_000);
  assert.deepEqual(counts(), [undefined]);
  recorder.record(secret, note);
  await clock.settle();
  assert.deepEqual(counts(), [{ count: 2, lastObservedTime: "2026-01-01T00:00:10.000000Z" }]);
  for (let i = 0; i < 50; i++) recorder.record(secret, note);
  await clock.advance(20_000);
  assert.deepEqual(counts(), [{ count: 2, lastObservedTime: "2026-01-01T00:00:10.000000Z" }]);
  await clock.advance(120_000);
  assert.deepEqual(counts(), [{ count: 52, lastObservedTime: "2026-01-01T00:00:10.000000Z" }]);
  await clock.advance(400_000);
  recorder.record(secret, note);
  await clock.settle();
  assert.equal(stored().length, 2);
  recorder.record(secret, { ...note, message: "another" });
  await clock.settle();
  assert.equal(stored().length, 3);
  await end();
});

Deno.test("EventRecorder writes a series anew when its event is gone", async () => {
  const { clock, recorder, server, stored, end } = start();
  recorder.record(secret, note);
  await clock.settle();
  server.objects.clear();
  recorder.record(secret, note);
  await clock.settle();
  assert.deepEqual(stored().map(({ series }) => series), [{
    count: 2,
    lastObservedTime: "2026-01-01T00:00:00.000000Z",
  }]);
  await end();
});

Deno.test("EventRecorder cuts off an object that causes too many events, but no other one", async () => {
  const { clock, recorder, stored, end } = start();
  for (let i = 0; i < 100; i++) recorder.record(secret, { ...note, message: `failure ${i}` });
  recorder.record({ ...secret, metadata: { ...secret.metadata, uid: "2" } }, note);
  await clock.settle();
  assert.equal(stored().length, 26);
  await clock.advance(300_000);
  for (let i = 100; i < 200; i++) recorder.record(secret, { ...note, message: `failure ${i}` });
  await clock.settle();
  assert.equal(stored().length, 27);
  await end();
});

Deno.test("EventRecorder says once which permission is missing, and again after a success", async () => {
  let forbidden = true;
  const { clock, recorder, stored, end } = start((leg, { method, path }) => {
    if (leg === "request" && forbidden) {
      throw new ApiError(`${method} ${path}`, { code: 403, reason: "Forbidden", message: "no", causes: [] });
    }
  });
  const logs = await captureLogs(clock);
  const warnings = (): string[] => logs.filter((line) => line.includes("lack of permission"));
  for (const message of ["a", "b", "c"]) recorder.record(secret, { ...note, message });
  await clock.settle();
  assert.equal(warnings().length, 1);
  assert.match(warnings()[0] ?? "", /create.*patch.*events.*events\.k8s\.io/);
  forbidden = false;
  recorder.record(secret, { ...note, message: "d" });
  await clock.settle();
  assert.equal(stored().length, 1);
  forbidden = true;
  recorder.record(secret, { ...note, message: "e" });
  await clock.settle();
  assert.equal(warnings().length, 2);
  await end();
});

Deno.test("EventRecorder tries again while the server cannot be reached, drops what does not fit, and never throws", async () => {
  let broken = true;
  const network: Network = () => broken ? Promise.reject(new Error("connection refused")) : undefined;
  const { clock, recorder, stored, end } = start(network, 2);
  const logs = await captureLogs(clock);
  for (let uid = 0; uid < 10; uid++) {
    recorder.record({ ...secret, metadata: { ...secret.metadata, uid: String(uid) } }, note);
  }
  await clock.advance(1_000);
  assert.equal(logs.filter((line) => line.includes("some get lost")).length, 1);
  assert.equal(logs.filter((line) => line.includes("dropping some")).length, 1);
  broken = false;
  await clock.advance(10_000);
  assert.equal(stored().length, 2);
  await end();
});

Deno.test("EventRecorder sends what waits before it stops, but does not wait for a broken connection", async () => {
  const working = start();
  working.recorder.record(secret, note);
  await working.end();
  assert.equal(working.stored().length, 1);
  const broken = start(() => Promise.reject(new Error("connection refused")));
  broken.recorder.record(secret, note);
  broken.recorder.record(secret, { ...note, message: "another" });
  await broken.end();
  assert.equal(broken.stored().length, 0);
});
