import assert from "node:assert/strict";
import { lookAtLeaving } from "../../../../controllers/sharder/leaving/look.ts";
import type { LabelledResource } from "../../../../controllers/sharder/leaving/labelled_resources.ts";
import type { LeavingResult } from "../../../../controllers/sharder/leaving/look_result.ts";
import { leavingTroubles } from "../../../../controllers/sharder/leaving/leaving_troubles.ts";
import { ApiServer, type Fault, faults } from "../../../../lib/apiserver/mod.ts";
import { Api } from "../../../../lib/k8s/api/api.ts";
import type { RequestOptions } from "../../../../lib/k8s/contract.ts";
import type { KubeObject, Lease } from "../../../../lib/k8s/types.ts";
import { Discovery } from "../../../../lib/k8s/discovery.ts";
import { configMaps, secrets } from "../../../../lib/k8s/kinds/core.ts";
import { drainLabel, shardLabel } from "../../../../lib/sharding/names.ts";
import { VirtualClock } from "../../../../lib/util/clock/mod.ts";
import { seededRandom } from "../../../../lib/util/random.ts";
import { viewOf } from "../../../lib/sharding/views.ts";
import { noLease } from "../targets.ts";

const shard = shardLabel("ring");
const drain = drainLabel("ring");
const none: Fault = { type: "none" };
const forbidden: Fault = { type: "status", code: 403, reason: "Forbidden" };
const mains: LabelledResource = { resource: { group: "", resource: "secrets" }, role: "main" };
const children: LabelledResource = { resource: { group: "", resource: "configmaps" }, role: "controlled" };

/** A ring that goes, on an API server with objects of it. */
class Scene implements Disposable {
  readonly #server = new ApiServer({ clock: new VirtualClock(), random: seededRandom(1) });
  readonly secrets = new Api(this.#server.client(), secrets, { namespace: "default" });
  readonly configMaps = new Api(this.#server.client(), configMaps, { namespace: "default" });
  fault: (request: RequestOptions) => Fault = () => none;
  view = viewOf({ live: "ready", late: "expired", dead: "dead", held: "held" });
  readonly drained: string[] = [];
  readonly forgotten: string[] = [];
  maxPendingDrains = 100;
  isRoutine = false;
  probe: Pick<typeof noLease, "find"> = noLease;
  /** The Lease of any shard as the watch has told of it. */
  known: Lease | undefined;

  async look(...resources: readonly LabelledResource[]): Promise<LeavingResult> {
    const discovery = new Discovery(this.#server.client(), { clock: new VirtualClock() });
    const client = this.#server.client({ intercept: faults(new VirtualClock(), (request) => this.fault(request)) });
    return await lookAtLeaving({
      ring: {
        name: "ring",
        view: () => this.view,
        mayJudgeUnknown: () => true,
        isGone: () => false,
        leaseOf: () => this.known,
        isOutside: () => true,
        readsFor: () => [{ namespace: undefined, isRoutine: this.isRoutine }],
      },
      resources,
      client,
      lookup: {
        resourceFor: (resource) => discovery.resourceFor(resource),
        forget: ({ resource }) => this.forgotten.push(resource),
      },
      probe: this.probe,
      observer: { onDrain: (_ring, { resource }) => this.drained.push(resource) },
      concurrency: 1,
      maxPendingDrains: this.maxPendingDrains,
    }, new AbortController().signal);
  }

  async secret(name: string, labels: Record<string, string>): Promise<void> {
    await this.secrets.create({ metadata: { name, labels: { app: "x", ...labels } } });
  }

  /** A ConfigMap that belongs to a Secret, or to another ConfigMap; it is created if there is none. */
  async child(name: string, owner: string, on: string, api: Api<KubeObject> = this.secrets): Promise<void> {
    const { metadata: { uid = "" }, kind } = await api.find(owner) ?? await api.create({ metadata: { name: owner } });
    const ownerReferences = [{ apiVersion: "v1", kind, name: owner, uid, controller: true }];
    await this.configMaps.create({ metadata: { name, labels: { [shard]: on }, ownerReferences } });
  }

  async labelsOf(name: string): Promise<Record<string, string>> {
    return (await this.secrets.get(name)).metadata.labels ?? {};
  }

  async isLabelled(child: string): Promise<boolean> {
    return (await this.configMaps.get(child)).metadata.labels?.[shard] !== undefined;
  }

  [Symbol.dispose](): void {
    this.#server.close();
  }
}

Deno.test("a look takes the labels where nobody is at work, and asks the shards that live", async () => {
  using scene = new Scene();
  for (const on of ["live", "late", "dead", "held", "bogus", ""]) {
    await scene.secret(`on-${on || "none"}`, { [shard]: on });
  }
  await scene.secret("half", { [drain]: "true" });
  await scene.secret("other", {});
  const result = await scene.look(mains);
  assert.deepEqual([result.stripped, result.drained, result.waiting], [5, 2, 2]);
  for (const name of ["on-dead", "on-held", "on-bogus", "on-none", "half", "other"]) {
    assert.deepEqual(await scene.labelsOf(name), { app: "x" }, name);
  }
  for (const on of ["live", "late"]) {
    assert.deepEqual(await scene.labelsOf(`on-${on}`), { app: "x", [shard]: on, [drain]: "true" });
  }
  assert.deepEqual(scene.drained, ["secrets", "secrets"]);
  const second = await scene.look(mains);
  assert.deepEqual([second.stripped, second.drained, second.waiting], [0, 0, 2]);
  assert.deepEqual(second.shardsFor("acknowledgement"), ["late", "live"]);
  assert.ok(!second.isEmpty);
});

Deno.test("a look asks a shard for no more objects at a time than it may", async () => {
  using scene = new Scene();
  for (let index = 0; index < 5; index++) await scene.secret(`foo-${index}`, { [shard]: "live" });
  scene.maxPendingDrains = 2;
  const result = await scene.look(mains);
  assert.deepEqual([result.drained, result.waiting], [2, 5]);
});

Deno.test("a child loses its label when its shard has no owners to let go of", async () => {
  using scene = new Scene();
  await scene.secret("on-live", { [shard]: "live" });
  await scene.secret("on-dead", { [shard]: "dead" });
  await scene.child("child-live", "on-live", "live");
  await scene.child("child-dead", "on-dead", "dead");
  const result = await scene.look(children, mains);
  assert.deepEqual([await scene.isLabelled("child-live"), await scene.isLabelled("child-dead")], [true, false]);
  assert.deepEqual(result.shardsFor("owners"), ["live"]);
  await scene.secrets.patch("on-live", { type: "merge", patch: { metadata: { labels: null } } });
  await scene.look(children, mains);
  assert.equal(await scene.isLabelled("child-live"), false);
});

Deno.test("a child on another shard than its owner keeps its label while the owner is draining", async () => {
  using scene = new Scene();
  await scene.secret("foo", { [shard]: "live" });
  await scene.child("child", "foo", "held");
  await scene.look(mains, children);
  assert.equal(await scene.isLabelled("child"), true);
  await scene.look(mains, children);
  assert.equal(await scene.isLabelled("child"), true, "it was asked for before this look");
  await scene.secrets.patch("foo", { type: "merge", patch: { metadata: { labels: null } } });
  await scene.look(mains, children);
  assert.equal(await scene.isLabelled("child"), false);
});

Deno.test("a child on another shard keeps its label also while its owner has not even been asked for", async () => {
  using scene = new Scene();
  scene.maxPendingDrains = 0;
  await scene.secret("foo", { [shard]: "live" });
  await scene.child("child", "foo", "held");
  await scene.look(mains, children);
  assert.deepEqual(scene.drained, []);
  assert.equal(await scene.isLabelled("child"), true);
});

Deno.test("a child whose owner the sharder may not ask for is no reason to wait", async () => {
  using scene = new Scene();
  await scene.secret("foo", { [shard]: "live" });
  await scene.child("child", "foo", "held");
  scene.fault = ({ method }) => method === "PATCH" ? forbidden : none;
  const result = await scene.look(mains, children);
  assert.equal(result.isForbidden, true);
  assert.equal(await scene.isLabelled("child"), true);
});

Deno.test("children of what the sharder may not see keep their labels, those of others do not", async () => {
  using scene = new Scene();
  await scene.child("child", "foo", "live");
  await scene.child("stranger", "foo", "live", scene.configMaps);
  scene.fault = ({ path }) => path.endsWith("/secrets") ? forbidden : none;
  const result = await scene.look(mains, children);
  assert.deepEqual([await scene.isLabelled("child"), await scene.isLabelled("stranger")], [true, false]);
  assert.ok(!result.isForbidden, "a label was removed");
  const second = await scene.look(mains, children);
  assert.ok(second.isForbidden && !second.isEmpty);
  assert.deepEqual(leavingTroubles(second, false), [{
    type: "ObjectsLeft",
    reason: "Forbidden",
    message: "Objects that are not the ring's any more keep its labels: the sharder may not list or patch secrets: " +
      "give it the verbs list and patch",
  }]);
});

Deno.test("a server error keeps children waiting, and is no reason to give up", async () => {
  using scene = new Scene();
  await scene.child("child", "foo", "live");
  scene.fault = ({ path }) => path.endsWith("/secrets") ? { type: "status", code: 500 } : none;
  const result = await scene.look(mains, children);
  assert.ok(await scene.isLabelled("child"));
  assert.ok(!result.isForbidden && !result.isEmpty);
  assert.deepEqual(leavingTroubles(result, true).map(({ reason }) => reason), ["Failed"]);
});

Deno.test("where nothing is known to be, the sharder need not be allowed to look", async () => {
  using scene = new Scene();
  scene.isRoutine = true;
  scene.fault = ({ method }) => method === "GET" ? forbidden : none;
  assert.ok((await scene.look(mains)).isEmpty);
});

Deno.test("with its definition all objects of a resource are gone", async () => {
  using scene = new Scene();
  const websites = { resource: { group: "example.org", resource: "websites" }, role: "main" } as const;
  assert.ok((await scene.look(websites)).isEmpty);
});

Deno.test("a resource that is not found where it was is looked up anew, before it counts as gone", async () => {
  using scene = new Scene();
  scene.fault = ({ path }) => path.endsWith("/secrets") ? { type: "status", code: 404, reason: "NotFound" } : none;
  assert.ok(!(await scene.look(mains)).isEmpty);
  assert.deepEqual(scene.forgotten, ["secrets"]);
});

Deno.test("of a resource whose role nobody knows, objects without a controller are drained", async () => {
  using scene = new Scene();
  await scene.secret("on-live", { [shard]: "live" });
  await scene.child("child", "foo", "live");
  const [unknownMains, unknownChildren] = [mains, children].map(({ resource }) => ({ resource, role: undefined }));
  assert.ok(unknownMains !== undefined && unknownChildren !== undefined);
  const result = await scene.look(unknownMains, unknownChildren);
  assert.equal(result.drained, 1);
  assert.deepEqual(result.shardsFor("owners"), ["live"]);
});

Deno.test("an object that changes between list and patch is left to the next look", async () => {
  using scene = new Scene();
  await scene.secret("foo", { [shard]: "dead" });
  let isFirst = true;
  scene.fault = ({ method }) => {
    if (method !== "PATCH" || !isFirst) return none;
    isFirst = false;
    return { type: "status", code: 422, reason: "Invalid" };
  };
  const result = await scene.look(mains);
  assert.deepEqual([result.stripped, result.written, result.isEmpty], [0, 1, false]);
  assert.equal((await scene.look(mains)).stripped, 1);
  assert.ok((await scene.look(mains)).isEmpty);
});

Deno.test("a label of a shard whose Lease is there, though nobody was told of it, is not bogus", async () => {
  using scene = new Scene();
  await scene.secret("foo", { [shard]: "new" });
  scene.probe = { find: (shard) => Promise.resolve([leaseOf(shard, shard, "2026-01-01T00:00:00.000000Z")]) };
  const result = await scene.look(mains);
  assert.deepEqual(result.shardsFor("judgement"), ["new"]);
  assert.deepEqual(leavingTroubles(result, false), []);
  assert.deepEqual(leavingTroubles(result, true).map(({ reason }) => reason), ["ShardUnknown"]);
});

Deno.test("an object of a shard that has come back, though nobody was told of it, keeps its labels", async () => {
  using scene = new Scene();
  await scene.secret("foo", { [shard]: "dead" });
  const [before, after] = ["2026-01-01T00:00:00.000000Z", "2026-01-01T00:00:20.000000Z"];
  scene.known = leaseOf("dead", "", before);
  scene.probe = { find: (shard) => Promise.resolve([leaseOf(shard, shard, after)]) };
  const result = await scene.look(mains);
  assert.deepEqual([result.stripped, result.shardsFor("judgement")], [0, ["dead"]]);
  // The watch has told of it, and it fell silent again.
  scene.known = leaseOf("dead", "dead", after);
  assert.equal((await scene.look(mains)).stripped, 1);
});

Deno.test("an object of a shard whose Lease nobody holds loses its labels", async () => {
  using scene = new Scene();
  await scene.secret("foo", { [shard]: "dead" });
  scene.probe = { find: (shard) => Promise.resolve([leaseOf(shard, "", "2026-01-01T00:00:00.000000Z")]) };
  assert.equal((await scene.look(mains)).stripped, 1);
});

function leaseOf(name: string, holderIdentity: string, renewTime: string): Lease {
  return {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { name },
    spec: { holderIdentity, renewTime },
  };
}
