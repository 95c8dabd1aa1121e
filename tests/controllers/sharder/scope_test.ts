import assert from "node:assert/strict";
import { isInScope, readsFor } from "../../../controllers/sharder/scope.ts";
import { ApiServer } from "../../../lib/apiserver/mod.ts";
import { namespaces } from "../../../lib/k8s/kinds/core.ts";
import { VirtualClock } from "../../../lib/util/clock/mod.ts";
import { seededRandom } from "../../../lib/util/random.ts";
import { secretsOn, targetOf } from "./targets.ts";

const client = new ApiServer({ clock: new VirtualClock(), random: seededRandom(1) }).client();
const namesOf = (count: number): string[] => Array.from({ length: count }, (_, index) => `ns-${index}`);

Deno.test("few selected namespaces are read one by one, many or all of them at once", () => {
  const target = secretsOn(client);
  assert.deepEqual(readsFor(target, { selected: [], all: false }), []);
  assert.deepEqual(readsFor(target, { selected: namesOf(8), all: false }), namesOf(8));
  assert.deepEqual(readsFor(target, { selected: namesOf(9), all: false }), [undefined]);
  assert.deepEqual(readsFor(target, { selected: namesOf(2), all: true }), [undefined]);
});

Deno.test("cluster-scoped objects are read at once, whichever namespaces are selected", () => {
  assert.deepEqual(readsFor(targetOf(client, "main", namespaces), { selected: namesOf(2), all: false }), [undefined]);
});

Deno.test("namespaced objects and Namespaces are selected by namespace, other cluster-scoped ones always are", () => {
  const selects = (namespace: string): boolean => namespace === "mine";
  const cases: readonly [string, string, string, string | undefined, boolean][] = [
    ["v1", "Secret", "foo", "mine", true],
    ["v1", "Secret", "foo", "other", false],
    ["example.com/v1", "Widget", "foo", undefined, true],
    ["v1", "Namespace", "mine", undefined, true],
    ["v1", "Namespace", "other", undefined, false],
    ["example.com/v1", "Namespace", "other", undefined, true],
  ];
  for (const [apiVersion, kind, name, namespace, expected] of cases) {
    const metadata = namespace === undefined ? { name } : { name, namespace };
    assert.equal(isInScope({ apiVersion, kind, metadata }, selects), expected, `${kind} ${namespace}/${name}`);
  }
});
