import assert from "node:assert/strict";
import type { KubeObject } from "../../mod.ts";
import { drainLabel, shardLabel } from "../../lib/sharding/names.ts";
import { RingState } from "./support/ring_state.ts";
import type { Span } from "./support/spans.ts";

const ring = "ring";

function secret(shard: string, draining = false): KubeObject {
  const labels = { [shardLabel(ring)]: shard, ...(draining ? { [drainLabel(ring)]: "true" } : {}) };
  const metadata = { name: "o", namespace: "default", uid: "1", labels };
  const stored = { apiVersion: "v1", kind: "Secret", metadata, data: { value: "Nw==" } };
  return stored;
}

function child(shard: string, result: string): KubeObject {
  const ownerReferences = [{ apiVersion: "v1", kind: "Secret", name: "o", uid: "1", controller: true }];
  const metadata = { name: "work-o", namespace: "default", ownerReferences, labels: { [shardLabel(ring)]: shard } };
  const stored = { apiVersion: "v1", kind: "ConfigMap", metadata, data: { result } };
  return stored;
}

/** With two shards that live. */
function start(): { state: RingState; lonely: Span[]; apart: Span[] } {
  const [lonely, apart]: [Span[], Span[]] = [[], []];
  const state = new RingState({ ring, onLonely: (span) => lonely.push(span), onApart: (span) => apart.push(span) });
  for (const shard of ["a", "b"]) {
    state.setReachable(shard, true, 0);
    state.onLease(shard, shard, 0);
  }
  return { state, lonely, apart };
}

Deno.test("RingState measures from the death of a shard until its objects are another's", () => {
  const { state, lonely } = start();
  state.onMain(undefined, secret("a"), 100);
  state.setReachable("a", false, 1_000);
  assert.deepEqual(state.lonely, [{ what: "o", begin: 1_000 }]);
  state.onMain(secret("a"), secret("b"), 4_000);
  assert.deepEqual(lonely, [{ what: "o", begin: 1_000, end: 4_000 }]);
});

Deno.test("RingState takes a shard for alive when it has renewed its Lease after it came back", () => {
  const { state, lonely } = start();
  state.onMain(undefined, secret("a"), 100);
  state.setReachable("a", false, 1_000);
  state.setReachable("a", true, 2_000);
  assert.ok(!state.live.has("a"));
  state.onLease("a", "a", 2_500);
  assert.deepEqual(lonely, [{ what: "o", begin: 1_000, end: 2_500 }]);
  state.onLease("a", "shardlease-controller", 3_000);
  assert.ok(!state.live.has("a"));
});

Deno.test("RingState measures how long a child is elsewhere than its owner, but not while that is draining", () => {
  const { state, apart } = start();
  state.onMain(undefined, secret("a"), 0);
  state.onChild(undefined, child("a", ""), 10);
  state.onMain(secret("a"), secret("a", true), 20);
  state.onMain(secret("a", true), secret("b"), 30);
  state.onChild(child("a", ""), child("b", ""), 80);
  assert.deepEqual(apart, [{ what: "o", begin: 30, end: 80 }]);
});

Deno.test("RingState tells what is not settled: shards, owners, work and children", () => {
  const { state } = start();
  const late = 1_000_000;
  assert.equal(state.unsettled(["a", "b"], late), undefined);
  assert.match(state.unsettled(["a", "b", "c"], late) ?? "", /^c does not hold its Lease$/);
  const wanted = ["a", "b"].find((shard) => {
    state.onMain(undefined, secret(shard), 0);
    return !/ is on /.test(state.unsettled(["a", "b"], 0) ?? "");
  }) ?? "";
  assert.notEqual(wanted, "");
  assert.equal(state.unsettled(["a", "b"], 0), undefined, "users' changes take a while");
  assert.match(state.unsettled(["a", "b"], late) ?? "", /^the work on o is not done$/);
  state.onChild(undefined, child("elsewhere", "done: Nw=="), 0);
  assert.match(state.unsettled(["a", "b"], late) ?? "", /^the child of o is on elsewhere/);
  state.onChild(undefined, child(wanted, "done: Nw=="), 0);
  assert.equal(state.unsettled(["a", "b"], late), undefined);
  state.onMain(secret(wanted), secret(wanted, true), 0);
  assert.match(state.unsettled(["a", "b"], late) ?? "", /^o is on \w \(drain\)/);
});
