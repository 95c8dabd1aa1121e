import assert from "node:assert/strict";
import type { ConfigMap, OwnerReference } from "../../../lib/k8s/types.ts";
import { type Fixture, send, start } from "./fixture.ts";

// What is expected here is what kube-controller-manager was seen to do.

const path = "/api/v1/namespaces/default/configmaps";

/** Creates a ConfigMap; true: its owners wait for it. */
function create(
  { api }: Fixture,
  name: string,
  owners: readonly (readonly [ConfigMap, boolean])[] = [],
  finalizers: readonly string[] = [],
): Promise<ConfigMap> {
  const ownerReferences = owners.map(([{ metadata }, blockOwnerDeletion]): OwnerReference => {
    return { apiVersion: "v1", kind: "ConfigMap", name: metadata.name, uid: metadata.uid ?? "", blockOwnerDeletion };
  });
  return api.create({ metadata: { name, ownerReferences, finalizers: [...finalizers] } });
}

/** Names, finalizers and owners of all that is there, when everything has settled. */
async function left({ api, clock }: Fixture): Promise<readonly string[]> {
  await clock.settle();
  return (await api.list()).items.map(({ metadata }) => {
    const { name, finalizers = [], ownerReferences = [], deletionTimestamp } = metadata;
    const owners = ownerReferences.map((owner) => owner.name).join();
    return `${name}${deletionTimestamp === undefined ? "" : " going"} [${finalizers.join()}] of ${owners}`;
  });
}

const inForeground = { propagationPolicy: "Foreground" } as const;

Deno.test("an object with another owner outlives one that is deleted in the foreground", async () => {
  using fixture = start();
  const [a, b] = [await create(fixture, "a"), await create(fixture, "b")];
  await create(fixture, "shared", [[a, true], [b, true]]);
  await fixture.api.delete("a", inForeground);
  assert.deepEqual(await left(fixture), ["b [] of ", "shared [] of b"]);
  await fixture.api.delete("b");
  assert.deepEqual(await left(fixture), []);
});

Deno.test("an owner that is deleted in the foreground waits for the dependents of its dependents", async () => {
  using fixture = start();
  const a = await create(fixture, "a");
  const b = await create(fixture, "b", [[a, true]]);
  await create(fixture, "c", [[b, true]], ["x/y"]);
  await fixture.api.delete("a", inForeground);
  assert.deepEqual(await left(fixture), [
    "a going [foregroundDeletion] of ",
    "b going [foregroundDeletion] of a",
    "c going [x/y] of b",
  ]);
  await fixture.api.patch("c", { type: "merge", patch: { metadata: { finalizers: null } } });
  assert.deepEqual(await left(fixture), []);
});

Deno.test("an owner that is deleted in the foreground does not wait for dependents that do not block it", async () => {
  using fixture = start();
  const a = await create(fixture, "a");
  await create(fixture, "b", [[a, false]], ["x/y"]);
  await fixture.api.delete("a", inForeground);
  assert.deepEqual(await left(fixture), ["b going [x/y] of a"]);
});

Deno.test("an owner does not wait for what is not its dependent any more", async () => {
  using fixture = start();
  const a = await create(fixture, "a");
  await create(fixture, "b", [[a, true]], ["x/y"]);
  await fixture.api.delete("a", inForeground);
  assert.equal((await left(fixture)).length, 2);
  await fixture.api.patch("b", { type: "merge", patch: { metadata: { ownerReferences: null } } });
  assert.deepEqual(await left(fixture), ["b going [x/y] of "]);
});

Deno.test("owners of each other do not wait for ever", async () => {
  using fixture = start();
  const a = await create(fixture, "a");
  const b = await create(fixture, "b", [[a, true]]);
  const { uid = "" } = b.metadata;
  const reference = { apiVersion: "v1", kind: "ConfigMap", name: "b", uid, blockOwnerDeletion: true };
  await fixture.api.patch("a", { type: "merge", patch: { metadata: { ownerReferences: [reference] } } });
  await fixture.api.delete("a", inForeground);
  assert.deepEqual(await left(fixture), []);
});

for (const query of ["orphanDependents=true", ""]) {
  Deno.test(`orphanDependents means the policy Orphan (${query === "" ? "in the body" : query})`, async () => {
    using fixture = start();
    await create(fixture, "b", [[await create(fixture, "a"), true]]);
    await send(fixture.client, "DELETE", `${path}/a?${query}`, query === "" ? { orphanDependents: true } : undefined);
    assert.deepEqual(await left(fixture), ["b [] of "]);
  });
}

Deno.test("orphanDependents=false means the policy Background", async () => {
  using fixture = start();
  await create(fixture, "b", [[await create(fixture, "a", [], ["orphan"]), true]]);
  await send(fixture.client, "DELETE", `${path}/a?orphanDependents=false`);
  assert.deepEqual(await left(fixture), []);
});
