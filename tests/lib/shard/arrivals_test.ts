import assert from "node:assert/strict";
import { Api } from "../../../lib/k8s/api/api.ts";
import { configMaps, secrets } from "../../../lib/k8s/kinds/core.ts";
import type { Secret } from "../../../lib/k8s/types.ts";
import { Arrivals } from "../../../lib/shard/arrivals.ts";
import { shardLabel, TestCluster } from "./fixture.ts";

const ours = { [shardLabel]: "shard-a" };

const clock = { now: (): number => Date.parse("2026-01-01T00:01:00Z") };

function secretOf(creationTimestamp: string | undefined): Secret {
  const age = creationTimestamp === undefined ? {} : { creationTimestamp };
  return { apiVersion: "v1", kind: "Secret", metadata: { name: "foo", ...age } };
}

Deno.test.each([
  ["an old object that comes is waited with", "2026-01-01T00:00:00Z", 1_000, false],
  ["one of some seconds is neither waited with nor newborn", "2026-01-01T00:00:57Z", 0, false],
  ["one that was created just now is newborn", "2026-01-01T00:00:59Z", 0, true],
  ["so is one of a clock that is ahead a little", "2026-01-01T00:01:00.900Z", 0, true],
  ["but not one of a clock that is wrong", "2026-01-01T00:02:00Z", 0, false],
  ["nor one of which nobody knows the age", undefined, 0, false],
])("Arrivals: %s", (_, created, pause, newborn) => {
  const arrivals = new Arrivals(clock, true);
  const object = secretOf(created);
  assert.equal(arrivals.pause({ type: "added", object, initial: true }), 0, "what is there at the beginning");
  assert.equal(arrivals.pause({ type: "updated", object, previous: object }), 0);
  assert.equal(arrivals.pause({ type: "deleted", object }), 0);
  assert.equal(arrivals.takeNewborn(object), false, "it has not come");
  assert.equal(arrivals.pause({ type: "added", object, initial: false }), pause);
  assert.equal(arrivals.takeNewborn(secretOf(created)), false, "another state of it");
  assert.equal(arrivals.takeNewborn(object), newborn);
  assert.equal(arrivals.takeNewborn(object), false, "the second time");
  assert.equal(new Arrivals(clock, false).pause({ type: "added", object, initial: false }), 0, "without children");
});

Deno.test("a reconciler hears once of an object that it is newborn, and not of one that moves", async () => {
  using cluster = new TestCluster(false);
  const calls: string[] = [];
  const shard = cluster.start("shard-a", (shard) => {
    shard.control(shard.cache(secrets), {
      name: "births",
      reconcile: ({ metadata: { name } }, { newborn }) => {
        calls.push(`${name} ${newborn}`);
        // As a call that failed half way comes again.
        return Promise.resolve(name === "baby" && calls.length < 3 ? { requeueAfter: 10 } : {});
      },
    });
  });
  await cluster.create("early", ours);
  await cluster.clock.advance(500);
  await cluster.create("baby", ours);
  await cluster.clock.advance(1_000);
  await cluster.create("moving");
  await cluster.clock.advance(3_000);
  await cluster.label("moving", ours);
  await cluster.clock.advance(1_000);
  assert.deepEqual(calls, ["early false", "baby true", "baby false", "moving false"]);
  shard.stop();
  await cluster.clock.advance(30_000);
  assert.equal(await shard.done, "done");
});

Deno.test("a reconciler is called for an object that comes from another shard when its first child has come", async () => {
  using cluster = new TestCluster(false);
  const children = new Api(cluster.admin, configMaps, { namespace: "default" });
  for (const name of ["mother", "childless"]) await cluster.create(name);
  const { metadata: { uid = "" } } = await cluster.secrets.get("mother");
  const ownerReferences = [{ apiVersion: "v1", kind: "Secret", name: "mother", uid, controller: true }];
  await children.create({ metadata: { name: "child", ownerReferences } });
  const calls: string[] = [];
  const note = (what: string) => ({ metadata: { name } }: Secret): Promise<void> => {
    calls.push(`${what} ${name} at ${cluster.clock.monotonic()}`);
    return Promise.resolve();
  };
  const shard = cluster.start("shard-a", (shard) => {
    const cache = shard.cache(secrets);
    shard.control(cache, { name: "families", owns: [shard.cache(configMaps)], reconcile: note("family") });
    shard.control(cache, { name: "others", reconcile: note("alone") });
  });
  await cluster.clock.advance(10_000);
  for (const name of ["mother", "childless"]) await cluster.label(name, ours);
  await cluster.clock.advance(300);
  await children.patch("child", { type: "merge", patch: { metadata: { labels: ours } } });
  await cluster.create("baby", ours);
  await cluster.clock.advance(2_000);
  assert.deepEqual(calls, [
    "alone mother at 10000",
    "alone childless at 10000",
    "family mother at 10300",
    "family baby at 10300",
    "alone baby at 10300",
    "family mother at 11000",
    "family childless at 11000",
  ]);
  shard.stop();
  await cluster.clock.advance(30_000);
  assert.equal(await shard.done, "done");
});
