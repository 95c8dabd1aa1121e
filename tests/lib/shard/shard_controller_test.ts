import assert from "node:assert/strict";
import { ConnectionError } from "../../../lib/k8s/errors.ts";
import { configMaps, secrets } from "../../../lib/k8s/kinds/core.ts";
import { Api } from "../../../lib/k8s/api/api.ts";
import { drainLabel, recorder, shardLabel, TestCluster } from "./fixture.ts";

const ours = { [shardLabel]: "shard-a" };
const draining = { ...ours, [drainLabel]: "true" };

/** Runs the test with a cluster, and stops and checks its one shard afterwards. */
async function withShard(
  setUp: Parameters<TestCluster["start"]>[1],
  test: (cluster: TestCluster) => Promise<void>,
): Promise<void> {
  using cluster = new TestCluster();
  const shard = cluster.start("shard-a", setUp);
  await cluster.clock.advance(1_000);
  await test(cluster);
  shard.stop();
  await cluster.clock.advance(30_000);
  assert.equal(await shard.done, "done");
  assert.equal(cluster.clock.pending, 0);
}

Deno.test("a shard reconciles the objects that it finds and those that are created for it", async () => {
  const calls: string[] = [];
  using cluster = new TestCluster();
  await cluster.create("before", ours);
  const shard = cluster.start("shard-a", recorder(calls));
  await cluster.clock.advance(1_000);
  await cluster.create("after", ours);
  await cluster.clock.advance(1_000);
  assert.deepEqual(calls, ["before", "after"]);
  shard.stop();
  await cluster.clock.advance(1_000);
  assert.equal(await shard.done, "done");
});

Deno.test("a shard acknowledges a drain by removing both labels, and does not reconcile", async () => {
  const calls: string[] = [];
  await withShard(recorder(calls), async (cluster) => {
    await cluster.create("foo", { ...ours, other: "label" });
    await cluster.clock.advance(1_000);
    assert.deepEqual(calls, ["foo"]);
    await cluster.label("foo", { [drainLabel]: "true" });
    await cluster.clock.advance(1_000);
    assert.deepEqual(await cluster.labelsOf("foo"), { other: "label" });
    assert.deepEqual(calls, ["foo"]);
    assert.equal(cluster.workOf("shard-a").length, 1, "one write acknowledges");
  });
});

Deno.test("a shard drains an object that no predicate wants, and does not reconcile it", async () => {
  const calls: string[] = [];
  await withShard(recorder(calls, { predicates: [() => false] }), async (cluster) => {
    await cluster.create("foo", ours);
    await cluster.clock.advance(1_000);
    await cluster.label("foo", { [drainLabel]: "true" });
    await cluster.clock.advance(1_000);
    assert.deepEqual(await cluster.labelsOf("foo"), {});
    assert.deepEqual(calls, []);
  });
});

Deno.test("a shard drains an object that is created with the drain label, and does not reconcile it", async () => {
  const calls: string[] = [];
  await withShard(recorder(calls), async (cluster) => {
    await cluster.create("foo", draining);
    await cluster.clock.advance(1_000);
    assert.deepEqual(await cluster.labelsOf("foo"), {});
    assert.deepEqual(calls, []);
  });
});

Deno.test("a shard leaves another shard's object alone, drained or not, until it is assigned to it", async () => {
  const calls: string[] = [];
  await withShard(recorder(calls), async (cluster) => {
    await cluster.create("foo", { [shardLabel]: "shard-b" });
    await cluster.create("bar", { [shardLabel]: "shard-b", [drainLabel]: "true" });
    await cluster.create("nobodys");
    await cluster.clock.advance(1_000);
    assert.deepEqual(calls, []);
    assert.deepEqual(cluster.workOf("shard-a"), []);
    await cluster.label("foo", ours);
    await cluster.clock.advance(1_000);
    assert.deepEqual(calls, ["foo"]);
    assert.deepEqual(await cluster.labelsOf("bar"), { [shardLabel]: "shard-b", [drainLabel]: "true" });
  });
});

Deno.test("a shard reconciles again when a drain is withdrawn, whatever the predicates say of that update", async () => {
  const calls: string[] = [];
  const work = Promise.withResolvers<void>();
  const reconcile = async (secret: { metadata: { name: string } }): Promise<void> => {
    calls.push(secret.metadata.name);
    if (calls.length === 1) await work.promise;
  };
  // Only additions are wanted, so what happens to the object in between would be passed over.
  const predicates = [({ type }: { type: string }) => type === "added"];
  await withShard(recorder([], { reconcile, predicates }), async (cluster) => {
    await cluster.create("foo", ours);
    await cluster.clock.advance(1_000);
    await cluster.label("foo", { [drainLabel]: "true" });
    await cluster.clock.advance(1_000);
    await cluster.label("foo", { [drainLabel]: null });
    await cluster.clock.advance(1_000);
    work.resolve();
    await cluster.clock.advance(1_000);
    assert.deepEqual(calls, ["foo", "foo"]);
    assert.deepEqual(await cluster.labelsOf("foo"), ours);
    assert.deepEqual(cluster.workOf("shard-a"), [], "the withdrawn drain is not acknowledged");
  });
});

Deno.test("the acknowledgement waits for the work on the same object, and for nothing else", async () => {
  const calls: string[] = [];
  const work = Promise.withResolvers<void>();
  const reconcile = async (secret: { metadata: { name: string } }): Promise<void> => {
    calls.push(secret.metadata.name);
    await work.promise;
  };
  await withShard(recorder([], { reconcile, workers: 1 }), async (cluster) => {
    await cluster.create("busy", ours);
    await cluster.clock.advance(10);
    for (let i = 0; i < 100; i++) await cluster.create(`waiting-${i}`, ours);
    await cluster.clock.advance(1_000);
    assert.deepEqual(calls, ["busy"]);
    await cluster.label("busy", { [drainLabel]: "true" });
    await cluster.label("waiting-99", { [drainLabel]: "true" });
    await cluster.clock.advance(100);
    assert.deepEqual(await cluster.labelsOf("waiting-99"), {}, "it does not queue behind normal work");
    assert.deepEqual(await cluster.labelsOf("busy"), draining, "it is still being worked on");
    work.resolve();
    await cluster.clock.advance(100);
    assert.deepEqual(await cluster.labelsOf("busy"), {});
    assert.equal(calls.length, 100, "all others are worked on, the two drained ones not again");
  });
});

Deno.test("busy objects do not occupy the workers that acknowledge drains", async () => {
  const work = Promise.withResolvers<void>();
  await withShard(recorder([], { reconcile: () => work.promise, workers: 50 }), async (cluster) => {
    for (let i = 0; i < 50; i++) await cluster.create(`busy-${i}`, ours);
    await cluster.clock.advance(100);
    for (let i = 0; i < 50; i++) await cluster.label(`busy-${i}`, { [drainLabel]: "true" });
    await cluster.create("idle", draining);
    await cluster.clock.advance(100);
    assert.deepEqual(await cluster.labelsOf("idle"), {});
    assert.deepEqual(await cluster.labelsOf("busy-49"), draining);
    work.resolve();
    await cluster.clock.advance(100);
    assert.deepEqual(await cluster.labelsOf("busy-49"), {});
  });
});

Deno.test("an object that several controllers work on is let go of when all have ended", async () => {
  const first = Promise.withResolvers<void>();
  const second = Promise.withResolvers<void>();
  await withShard((shard) => {
    const cache = shard.cache(secrets);
    shard.control(cache, { name: "first", reconcile: () => first.promise });
    shard.control(cache, { name: "second", reconcile: () => second.promise });
  }, async (cluster) => {
    await cluster.create("foo", ours);
    await cluster.clock.advance(100);
    await cluster.label("foo", { [drainLabel]: "true" });
    await cluster.clock.advance(100);
    first.resolve();
    await cluster.clock.advance(100);
    assert.deepEqual(await cluster.labelsOf("foo"), draining);
    second.resolve();
    await cluster.clock.advance(100);
    assert.deepEqual(await cluster.labelsOf("foo"), {});
  });
});

Deno.test("the acknowledgement is tried again while the API server fails", async () => {
  await withShard(recorder([]), async (cluster) => {
    let refusals = 0;
    cluster.network = () => (request, next) =>
      request.method === "PATCH" && ++refusals <= 5
        ? Promise.reject(new ConnectionError("PATCH: the connection failed"))
        : next(request);
    await cluster.create("foo", draining);
    await cluster.clock.advance(1_000);
    assert.deepEqual(await cluster.labelsOf("foo"), {});
    assert.equal(refusals, 6);
  });
});

Deno.test.each([
  ["the object was given to another shard", { [shardLabel]: "shard-b" }],
  ["it was, and is already to leave that one", { [shardLabel]: "shard-b", [drainLabel]: "true" }],
  ["the drain was withdrawn", ours],
  ["somebody else acknowledged", {}],
])("an acknowledgement that comes too late changes nothing: %s", async (_, labels: Record<string, string>) => {
  await withShard(recorder([]), async (cluster) => {
    // The change comes between the shard's decision and its write.
    let first = true;
    cluster.network = () => async (request, next) => {
      if (request.method === "PATCH" && first) {
        first = false;
        await cluster.label("foo", { [shardLabel]: null, [drainLabel]: null, ...labels });
      }
      return await next(request);
    };
    await cluster.create("foo", draining);
    await cluster.clock.advance(1_000);
    assert.deepEqual(await cluster.labelsOf("foo"), labels);
  });
});

Deno.test("the author hears that an object is not the shard's any more, and may read objects live", async () => {
  const released: string[] = [];
  const live: unknown[] = [];
  await withShard((shard) => {
    shard.control(shard.cache(secrets), {
      name: "live",
      onReleased: ({ namespace, name }) => void released.push(`${namespace}/${name}`),
      reconcile: async (_secret, context) => {
        await shard.client.performRequest({ method: "GET", path: "/version" }).catch(() => undefined);
        live.push((await context.live())?.metadata.labels?.["step"]);
      },
    });
  }, async (cluster) => {
    cluster.network = () => async (request, next) => {
      // Between the cache and the live read the object changes.
      if (request.path === "/version") await cluster.label("foo", { step: "2" });
      return await next(request);
    };
    await cluster.create("foo", { ...ours, step: "1" });
    await cluster.create("bar", { ...ours, step: "1" });
    await cluster.clock.advance(100);
    assert.equal(live[0], "2");
    await cluster.label("foo", { [shardLabel]: "shard-b" });
    await cluster.secrets.delete("bar");
    await cluster.clock.advance(100);
    assert.deepEqual(released.sort(), ["default/bar", "default/foo"]);
  });
});

Deno.test("a change of a controlled object concerns its main object", async () => {
  const calls: string[] = [];
  await withShard((shard) => {
    shard.control(shard.cache(secrets), {
      name: "owner",
      owns: [shard.cache(configMaps)],
      reconcile: (secret) => {
        calls.push(secret.metadata.name);
        return Promise.resolve();
      },
    });
  }, async (cluster) => {
    const { metadata: { uid = "" } } = await cluster.create("foo", ours);
    await cluster.clock.advance(100);
    const owner = { apiVersion: "v1", kind: "Secret", name: "foo", uid, controller: true };
    const api = new Api(cluster.admin, configMaps, { namespace: "default" });
    await api.create({ metadata: { name: "child", labels: ours, ownerReferences: [owner] } });
    await cluster.clock.advance(100);
    await api.delete("child");
    await cluster.clock.advance(100);
    assert.deepEqual(calls, ["foo", "foo", "foo"]);
  });
});
