import assert from "node:assert/strict";
import { Api } from "../../../lib/k8s/api/api.ts";
import { ApiError, ConnectionError } from "../../../lib/k8s/errors.ts";
import { configMaps } from "../../../lib/k8s/kinds/core.ts";
import { sleep } from "../../../lib/util/clock/mod.ts";
import {
  configMap,
  createTestStage,
  type ProcessParts,
  type Program,
  type TestProcess,
  type TestStage,
  type User,
} from "../../../testing.ts";

/** Counts a ConfigMap up each second, and notes down what happened. */
function counter(notes: string[]): Program {
  return async ({ clock, connect }, signal) => {
    using client = connect({ userAgent: "counter" });
    const api = new Api(client, configMaps, { namespace: "default" });
    for (let count = 1; !signal.aborted; count++) {
      const patch = { data: { count: String(count) } };
      await api.patch("counter", { type: "merge", patch }).then(
        () => notes.push(`${count}`),
        (error: unknown) => notes.push(error instanceof ConnectionError ? "cut" : String(error)),
      );
      await sleep(clock, 1_000, signal).catch(() => undefined);
    }
  };
}

async function start(stage: TestStage, notes: string[]): Promise<TestProcess> {
  await stage.api(configMaps).create(configMap({ name: "counter" }));
  return stage.start("counter", counter(notes));
}

async function countOn(stage: TestStage): Promise<string | undefined> {
  return (await stage.api(configMaps).inNamespace("default").get("counter")).data?.["count"];
}

Deno.test("a process runs on the stage's time and stops in order", async () => {
  await using stage = createTestStage({ latency: 0 });
  const notes: string[] = [];
  const process = await start(stage, notes);
  assert.equal(process.state, "running");
  await stage.advance(2_500);
  assert.deepEqual(notes, ["1", "2", "3"]);
  await process.stop();
  assert.equal(process.state, "stopped");
  await stage.advance(5_000);
  assert.equal(await countOn(stage), "3");
});

Deno.test("nothing of a frozen process runs until it is thawed, and then it goes on where it was", async () => {
  await using stage = createTestStage({ latency: 0 });
  const notes: string[] = [];
  const process = await start(stage, notes);
  await stage.advance(500);
  process.freeze();
  assert.equal(process.state, "frozen");
  await stage.advance(60_000);
  assert.deepEqual(notes, ["1"]);
  await assert.rejects(process.stop(), /counter is frozen/);
  process.thaw();
  await stage.advance(0);
  assert.deepEqual(notes, ["1", "2"]);
});

Deno.test("an answer that arrives at a frozen process waits until it is thawed", async () => {
  await using stage = createTestStage({ latency: 0 });
  const notes: string[] = [];
  using _slow = stage.inject({ type: "delay", ms: 100 });
  const process = await start(stage, notes);
  await stage.advance(50);
  process.freeze();
  await stage.advance(1_000);
  assert.equal(await countOn(stage), "1");
  assert.deepEqual(notes, []);
  process.thaw();
  await stage.clock.settle();
  assert.deepEqual(notes, ["1"]);
});

Deno.test("a stream of a frozen process waits too, and misses nothing", async () => {
  await using stage = createTestStage({ latency: 0 });
  const seen: string[] = [];
  const process = stage.start("watcher", async ({ connect }, signal) => {
    using client = connect({ userAgent: "watcher" });
    for await (const event of await new Api(client, configMaps).watch({ signal })) {
      if (event.type !== "BOOKMARK") seen.push(event.object.metadata.name);
    }
  });
  await stage.advance(1);
  process.freeze();
  for (const name of ["a", "b"]) await stage.api(configMaps).create(configMap({ name }));
  await stage.advance(1_000);
  assert.deepEqual(seen, []);
  process.thaw();
  await stage.advance(1);
  assert.deepEqual(seen, ["a", "b"]);
});

Deno.test("a suspended machine's monotonic clock stands still, its wall clock does not", async () => {
  await using stage = createTestStage();
  let read = (): number[] => [];
  const process = stage.start("clock", ({ clock }) => {
    read = () => [clock.now() - stage.clock.now(), clock.monotonic()];
    return Promise.resolve();
  }, { skew: 5_000 });
  await stage.advance(1_000);
  assert.deepEqual(read(), [5_000, 1_000]);
  assert.equal(process.state, "stopped");

  let monotonic = (): number => NaN;
  const sleeper = stage.start("sleeper", async ({ clock }, signal) => {
    monotonic = () => clock.monotonic();
    await sleep(clock, 1e9, signal);
  });
  await stage.advance(0);
  sleeper.freeze();
  await stage.advance(500);
  sleeper.thaw({ suspended: true });
  assert.equal(monotonic(), 1_000);
});

Deno.test("a killed process does nothing more, and its watches are gone", async () => {
  await using stage = createTestStage({ latency: 0 });
  const notes: string[] = [];
  const process = await start(stage, notes);
  await stage.advance(500);
  process.kill();
  await stage.advance(60_000);
  assert.equal(process.state, "killed");
  assert.deepEqual(notes, ["1"]);
  assert.throws(() => process.thaw(), /was killed/);
  await process.stop();
  assert.equal(stage.start("counter", () => Promise.resolve()).state, "running", "its name is free again");
});

Deno.test("a process that is cut off runs on, and finds the server again", async () => {
  await using stage = createTestStage({ latency: 0 });
  const notes: string[] = [];
  const process = await start(stage, notes);
  await stage.advance(500);
  process.disconnect();
  assert.equal(process.state, "disconnected");
  await stage.advance(1_000);
  process.reconnect();
  assert.equal(process.state, "running");
  await stage.advance(1_000);
  assert.deepEqual(notes, ["1", "cut", "3"]);
});

Deno.test("a process that fails says why, also when a wait is in vain", async () => {
  await using stage = createTestStage();
  const process = stage.start("hasty", () => Promise.reject(new Error("no configuration")));
  await stage.advance(0);
  assert.equal(process.state, "failed");
  assert.match(String(process.error), /no configuration/);
  await assert.rejects(
    stage.eventually("it works", () => false, { within: 10 }),
    /within 10 ms it did not come to be that it works\n {2}process hasty failed: no configuration/,
  );
});

Deno.test("two processes that run cannot have the same name", async () => {
  await using stage = createTestStage();
  const wait = ({ clock }: ProcessParts, signal: AbortSignal): Promise<void> =>
    sleep(clock, 1e9, signal).catch(() => undefined);
  const first = stage.start("twin", wait);
  assert.throws(() => stage.start("twin", wait), /a process twin runs already/);
  await first.stop();
  assert.equal(stage.start("twin", wait).state, "running");
});

Deno.test("a process may do what its user may: a name is an administrator, others need roles", async () => {
  await using stage = createTestStage({ latency: 0 });
  const outcomes: string[] = [];
  const create = (name: string, user?: User): Promise<void> => {
    const process = stage.start(name, async ({ connect }) => {
      using client = connect({ userAgent: name });
      const created = new Api(client, configMaps, { namespace: "default" }).create({ metadata: { name } });
      outcomes.push(
        await created.then(() => "created", (error) => error instanceof ApiError ? error.status.reason : String(error)),
      );
    }, user === undefined ? {} : { user });
    return stage.eventually(`${name} is done`, () => process.state === "stopped");
  };
  const user = { username: "system:serviceaccount:default:controller" };
  await create("administrator");
  await create("too-early", user);
  await stage.apply(`
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: writer }
rules: [{ apiGroups: [""], resources: [configmaps], verbs: [create] }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: writer, namespace: default }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: writer }
subjects: [{ kind: ServiceAccount, name: controller, namespace: default }]
`);
  await create("bound", user);
  assert.deepEqual(outcomes, ["created", "Forbidden", "created"]);
});
