import assert from "node:assert/strict";
import { formatKey, type ObjectKey } from "../../../../lib/k8s/types.ts";
import type { Pod } from "../../../../lib/workloads/kinds/core.ts";
import { Expectations } from "../../../../lib/workloads/replica_sets/expectations.ts";

const owner = "owner";

interface Traits {
  readonly uid?: string;
  readonly deletionTimestamp?: string;
}

/** A pod whose uid is its name, but for what is given. */
function pod(name: string, traits: Traits = {}): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default", uid: name, ...traits },
    spec: { containers: [] },
  };
}

const deleted = { deletionTimestamp: "2026-01-01T00:00:00Z" };

/** A cache that shows these pods. */
function cache(...pods: readonly Pod[]): { get(key: ObjectKey): Pod | undefined } {
  const byKey = new Map(pods.map((each) => [`default/${each.metadata.name}`, each]));
  return { get: (key) => byKey.get(formatKey(key)) };
}

Deno.test("Expectations wait until the cache shows the pod that was created, and not one of its name", () => {
  const expectations = new Expectations();
  assert.equal(expectations.state(owner, cache(), 0, 100), "nothing");
  expectations.created(owner, pod("a", { uid: "2" }), 0);
  assert.equal(expectations.state(owner, cache(pod("a", { uid: "1" })), 0, 100), "cache");
  assert.equal(expectations.state("another", cache(), 0, 100), "nothing");
  assert.equal(expectations.state(owner, cache(pod("a", { uid: "2" })), 0, 100), "nothing");
  assert.equal(expectations.state(owner, cache(), 0, 100), "nothing");
});

Deno.test("Expectations do not wait for a pod whose end was seen before its creation was answered", () => {
  const expectations = new Expectations();
  expectations.gone("a");
  expectations.created(owner, pod("a"), 0);
  expectations.deleted(owner, pod("a"), 0);
  assert.equal(expectations.state(owner, cache(pod("a")), 0, 100), "nothing");
});

Deno.test("Expectations wait until the cache shows that a pod is gone, or going", () => {
  for (const shown of [cache(), cache(pod("a", { uid: "another" })), cache(pod("a", deleted))]) {
    const expectations = new Expectations();
    expectations.deleted(owner, pod("a"), 0);
    assert.equal(expectations.state(owner, cache(pod("a")), 0, 100), "cache");
    assert.equal(expectations.state(owner, shown, 0, 100), "nothing");
  }
});

Deno.test("Expectations doubt a cache that does not catch up, and an answer that got lost", () => {
  const expectations = new Expectations();
  expectations.created(owner, pod("a"), 0);
  assert.equal(expectations.state(owner, cache(), 99, 100), "cache");
  assert.equal(expectations.state(owner, cache(), 100, 100), "doubt");
  expectations.settle(owner, [], [], 100);
  assert.equal(expectations.state(owner, cache(), 100, 100), "nothing");
  expectations.doubt(owner, 0);
  assert.equal(expectations.state(owner, cache(), 0, 100), "doubt");
});

Deno.test("settle() waits for exactly that in which the cache differs from the API server", () => {
  const expectations = new Expectations();
  expectations.doubt(owner, 0);
  const [kept, created, lost, ending] = [pod("kept"), pod("created"), pod("lost"), pod("ending")];
  const ended = pod("ending", deleted);
  expectations.settle(owner, [kept, lost, ending], [kept, created, ended], 0);
  assert.equal(expectations.state(owner, cache(kept, lost, ending), 0, 100), "cache");
  assert.equal(expectations.state(owner, cache(kept, created, ending), 0, 100), "cache");
  assert.equal(expectations.state(owner, cache(kept, created, ended), 0, 100), "nothing");
});

Deno.test("Expectations forget an owner that is gone", () => {
  const expectations = new Expectations();
  expectations.created(owner, pod("a"), 0);
  expectations.forget(owner);
  assert.equal(expectations.state(owner, cache(), 0, 100), "nothing");
});
