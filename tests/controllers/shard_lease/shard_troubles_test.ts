import assert from "node:assert/strict";
import { troublesOf } from "../../../controllers/shard_lease/shard_troubles.ts";
import { RingView, type RingViewOptions, type ShardEntry } from "../../../lib/sharding/ring_view.ts";
import { entryOf } from "../../lib/sharding/views.ts";

function troubles(entries: readonly ShardEntry[], options: RingViewOptions = {}): string[] {
  const view = new RingView("ring", entries, options);
  return troublesOf({ view }).map(({ type, reason, message }) => `${type} ${reason}: ${message}`);
}

Deno.test("a ring whose shards are in order has no troubles with them", () => {
  assert.deepEqual(troubles([entryOf("a", "ready"), entryOf("b", "expired"), entryOf("c", "held")]), []);
});

Deno.test("troublesOf() names Leases that no object can be labelled with", () => {
  const [trouble, ...others] = troubles([entryOf("x".repeat(64), "ready"), entryOf("a", "ready")]);
  assert.match(trouble ?? "", /^ShardNamesUnusable NoLabelValues: .* default\/x{64}\. /);
  assert.deepEqual(others, []);
});

Deno.test("troublesOf() names Leases of one name, and where the one is that counts", () => {
  const entries = [entryOf("a", "ready", "x"), entryOf("a", "ready", "y"), entryOf("a", "dead", "z")];
  assert.match(troubles(entries).join(), /^ShardNamesUnusable SameNames: .* a \(in x, also in y, z\)\. /);
});

Deno.test("troublesOf() names Leases in namespaces that the ring does not admit", () => {
  const entries = [entryOf("a", "ready"), entryOf("b", "ready", "alien")];
  const admits = (namespace: string): boolean => namespace === "default";
  assert.match(troubles(entries, { admits }).join(), /^ShardNamesUnusable ForeignNamespace: .* alien\/b\. /);
});

Deno.test("troublesOf() names the shards that were lost together", () => {
  const entries = ["a", "b"].map((name) => ({ ...entryOf(name, "expired"), keptBack: true }));
  assert.match(troubles([...entries, entryOf("c", "ready")]).join(), /^MassLoss ShardsSilent: .* a, b\. /);
});

Deno.test("troublesOf() stays short, however many Leases there are", () => {
  const entries = Array.from({ length: 1_000 }, (_, index) => entryOf(`-${index}`, "ready"));
  const [trouble = ""] = troubles(entries);
  assert.ok(trouble.length < 500, trouble);
  assert.match(trouble, /, and more/);
});
