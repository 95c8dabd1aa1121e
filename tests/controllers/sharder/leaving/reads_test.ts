import assert from "node:assert/strict";
import { isOutside, leavingReads, type LeavingSweep } from "../../../../controllers/sharder/leaving/reads.ts";
import { namespaces as namespaceKind } from "../../../../lib/k8s/kinds/core.ts";
import { selectorOf } from "../../../../lib/k8s/selectors.ts";
import type { PartialObjectMetadata } from "../../../../lib/k8s/types.ts";
import { RingSnapshot } from "../../../../lib/rings/mod.ts";
import { StoreWriter } from "../../../../lib/runtime/watch/mod.ts";
import { ApiServer } from "../../../../lib/apiserver/mod.ts";
import { VirtualClock } from "../../../../lib/util/clock/mod.ts";
import { seededRandom } from "../../../../lib/util/random.ts";
import { viewOf } from "../../../lib/sharding/views.ts";
import { ringOf } from "../../controller_ring/rings.ts";
import { configMapsOn, secretsOn, targetOf } from "../targets.ts";

using server = new ApiServer({ clock: new VirtualClock(), random: seededRandom(1) });
const client = server.client();
const secrets = secretsOn(client);
const namespaces = targetOf(client, "main", namespaceKind);
const nodes = targetOf(client, "main", { group: "", version: "v1", plural: "nodes", kind: "Node", namespaced: false });

/** A ring that selects the namespaces whose names begin with "in", of these; undefined: its selector is invalid. */
function ringWith(names: readonly string[], isValid = true): RingSnapshot {
  const store = new StoreWriter<PartialObjectMetadata>();
  store.apply({ type: "init" });
  for (const name of names) {
    const metadata = { name, labels: { in: String(name.startsWith("in")) } };
    store.apply({ type: "init_apply", object: { apiVersion: "v1", kind: "Namespace", metadata } });
  }
  store.apply({ type: "init_done" });
  const resources = ["secrets", "namespaces", "nodes"].map((resource) => ({ group: "", resource }));
  return new RingSnapshot(
    ringOf({ spec: { resources } }),
    viewOf({}),
    isValid
      ? { type: "selector", selector: selectorOf({ matchLabels: { in: "true" } }) }
      : { type: "invalid", problem: "it is odd" },
    store.reader,
    () => true,
    () => false,
  );
}

function several(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
}

const routine: LeavingSweep = { unselected: "routine", namespaces: new Set() };
const changed: LeavingSweep = { unselected: "selector", namespaces: new Set() };
const told: LeavingSweep = { unselected: "no", namespaces: new Set(["out-1"]) };
const everywhere = [{ namespace: undefined, isRoutine: false }];

Deno.test("objects of what is not the ring's resource, and of a ring that goes, are looked for everywhere", () => {
  assert.deepEqual(leavingReads(configMapsOn(client), ringWith(["in-1"]), told), everywhere);
  assert.deepEqual(leavingReads(secrets, undefined, routine), everywhere);
});

Deno.test("few namespaces that the ring does not select are looked into one by one", () => {
  const ring = ringWith([...several("in", 20), "out-1", "out-2"]);
  const read = (namespace: string, isRoutine: boolean): unknown => ({ namespace, isRoutine });
  assert.deepEqual(leavingReads(secrets, ring, routine), [read("out-1", true), read("out-2", true)]);
  assert.deepEqual(leavingReads(secrets, ring, changed), [read("out-1", false), read("out-2", false)]);
  assert.deepEqual(leavingReads(secrets, ring, told), [read("out-1", false)]);
  const both: LeavingSweep = { unselected: "routine", namespaces: new Set(["out-2"]) };
  assert.deepEqual(leavingReads(secrets, ring, both), [read("out-2", false), read("out-1", true)]);
});

Deno.test("of many, the few that it selects are left out", () => {
  const ring = ringWith(["in-1", "in-2", ...several("out", 20)]);
  assert.deepEqual(leavingReads(secrets, ring, changed), [{
    namespace: undefined,
    isRoutine: false,
    fieldSelector: "metadata.namespace!=in-1,metadata.namespace!=in-2",
  }]);
  assert.deepEqual(leavingReads(secrets, ringWith(several("out", 20)), changed), everywhere);
  assert.deepEqual(leavingReads(secrets, ringWith([...several("in", 20), ...several("out", 20)]), changed), everywhere);
});

Deno.test("nothing is looked for where the ring selects all namespaces, or its selector is invalid", () => {
  assert.deepEqual(leavingReads(secrets, ringWith(["in-1"]), routine), []);
  assert.deepEqual(leavingReads(secrets, ringWith(["out-1"], false), changed), []);
});

Deno.test("of cluster-scoped objects only Namespaces can leave a ring that stays", () => {
  const ring = ringWith(["in-1", "out-1"]);
  assert.deepEqual(leavingReads(nodes, ring, changed), []);
  assert.deepEqual(leavingReads(namespaces, ring, changed), everywhere);
  assert.deepEqual(leavingReads(namespaces, ring, told), everywhere);
  assert.deepEqual(leavingReads(namespaces, ring, { unselected: "no", namespaces: new Set() }), []);
});

Deno.test("an object is outside of a ring only if that is known", () => {
  const ring = ringWith(["in-1", "out-1"]);
  function object(name: string, namespace?: string): PartialObjectMetadata {
    return { apiVersion: "v1", kind: "", metadata: { name, ...(namespace === undefined ? {} : { namespace }) } };
  }
  assert.equal(isOutside(secrets, object("a", "in-1"), ring), false);
  assert.equal(isOutside(secrets, object("a", "out-1"), ring), true);
  assert.equal(isOutside(secrets, object("a", "never-seen"), ring), false);
  assert.equal(isOutside(secrets, object("a", "out-1"), ringWith(["out-1"], false)), false);
  assert.equal(isOutside(configMapsOn(client), object("a", "in-1"), ring), true);
  assert.equal(isOutside(secrets, object("a", "in-1"), undefined), true);
  assert.equal(isOutside(nodes, object("out-1"), ring), false);
  assert.equal(isOutside(namespaces, object("out-1"), ring), true);
  assert.equal(isOutside(namespaces, object("in-1"), ring), false);
});
