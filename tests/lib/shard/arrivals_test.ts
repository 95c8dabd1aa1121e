import assert from "node:assert/strict";
import { Api } from "../../../lib/k8s/api/api.ts";
import { configMaps, secrets } from "../../../lib/k8s/kinds/core.ts";
import type { Secret } from "../../../lib/k8s/types.ts";
import { arrivalPause } from "../../../lib/shard/arrivals.ts";
import { shardLabel, TestCluster } from "./fixture.ts";

const ours = { [shardLabel]: "shard-a" };

const now = Date.parse("2026-01-01T00:01:00Z");

function secretOf(creationTimestamp: string | undefined): Secret {
  const age = creationTimestamp === undefined ? {} : { creationTimestamp };
  return { apiVersion: "v1", kind: "Secret", metadata: { name: "foo", ...age } };
}

Deno.test.each([
  ["an old object that comes is waited with", "2026-01-01T00:00:00Z", 1_000],
  ["one that was created just now is not", "2026-01-01T00:00:58Z", 0],
  ["nor is one from the future, of a clock that is wrong", "2026-01-01T00:02:00Z", 0],
  ["nor is one of which nobody knows the age", undefined, 0],
])("arrivalPause(): %s", (_, created, pause) => {
  const object = secretOf(created);
  assert.equal(arrivalPause({ type: "added", object, initial: false }, now), pause);
  assert.equal(arrivalPause({ type: "added", object, initial: true }, now), 0, "what is there at the beginning");
  assert.equal(arrivalPause({ type: "updated", object, previous: object }, now), 0);
  assert.equal(arrivalPause({ type: "deleted", object }, now), 0);
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
