import assert from "node:assert/strict";
import type { Lease } from "../../../lib/k8s/types.ts";
import { type Joinable, JointInformer } from "../../../lib/rings/mod.ts";
import { leaseOf } from "../sharding/leases.ts";
import { FakeInformer } from "./fake_informer.ts";

/** An informer that runs until it is told to stop, or fails. */
class Half extends FakeInformer<Lease> implements Joinable<Lease> {
  readonly end = Promise.withResolvers<void>();
  isStopped = false;

  async run(signal: AbortSignal): Promise<void> {
    const stopped = Promise.withResolvers<void>();
    signal.addEventListener("abort", () => stopped.resolve(), { once: true });
    await Promise.race([this.end.promise, stopped.promise]);
    this.isStopped = true;
  }
}

function stored(name: string, namespace: string): Lease {
  const lease = leaseOf(name, { namespace });
  return { ...lease, metadata: { ...lease.metadata, uid: `${namespace}/${name}`, resourceVersion: "1" } };
}

Deno.test("JointInformer shows the objects of all its informers, and is ready when all are", async () => {
  const [one, other] = [new Half(), new Half()];
  const joint = new JointInformer([one, other]);
  one.sync(5, stored("a", "x"));
  assert.equal(joint.store.ready, false);
  assert.equal(joint.watchingSince, undefined);
  other.sync(7, stored("a", "y"), stored("b", "y"));
  await joint.store.whenReady();
  assert.equal(joint.store.ready, true);
  assert.equal(joint.watchingSince, 7);
  assert.deepEqual([...joint.store.list()].map(({ metadata }) => `${metadata.namespace}/${metadata.name}`), [
    "x/a",
    "y/a",
    "y/b",
  ]);
  assert.equal(joint.store.size, 3);
  assert.equal(joint.store.get({ namespace: "y", name: "a" })?.metadata.uid, "y/a");
  assert.equal(joint.store.get({ namespace: "z", name: "a" }), undefined);
  one.watchingSince = undefined;
  assert.equal(joint.watchingSince, undefined);
});

Deno.test("JointInformer tells the events of all its informers", async () => {
  const [one, other] = [new Half(), new Half()];
  one.sync(0, stored("a", "x"));
  other.sync(0, stored("a", "y"));
  const stop = new AbortController();
  const seen: string[] = [];
  for await (const { type, object } of new JointInformer([one, other]).events(stop.signal)) {
    seen.push(`${type} ${object.metadata.uid}`);
    if (seen.length === 2) other.delete(stored("a", "y"));
    if (seen.length === 3) stop.abort();
  }
  assert.deepEqual(seen, ["added x/a", "added y/a", "deleted y/a"]);
});

Deno.test("JointInformer.run() ends all when one fails, and says why", async () => {
  const [one, other] = [new Half(), new Half()];
  const run = new JointInformer([one, other]).run(new AbortController().signal);
  one.end.reject(new Error("broken index"));
  await assert.rejects(run, /broken index/);
  assert.equal(other.isStopped, true);
});

Deno.test("JointInformer.run() ends with its signal", async () => {
  const stop = new AbortController();
  const [one, other] = [new Half(), new Half()];
  const run = new JointInformer([one, other]).run(stop.signal);
  stop.abort();
  await run;
  assert.deepEqual([one.isStopped, other.isStopped], [true, true]);
});
