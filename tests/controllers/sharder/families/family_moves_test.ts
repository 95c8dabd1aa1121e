import assert from "node:assert/strict";
import { Families } from "../../../../controllers/sharder/families/families.ts";
import { Mover } from "../../../../controllers/sharder/mover.ts";
import { OwnerLookup } from "../../../../controllers/sharder/families/owner_lookup.ts";
import { settleFamily } from "../../../../controllers/sharder/families/family_moves.ts";
import { pass, type PassParts, type PassResult } from "../../../../controllers/sharder/passes/pass.ts";
import { PendingDrains } from "../../../../controllers/sharder/drains/pending_drains.ts";
import type { Target } from "../../../../controllers/sharder/targets.ts";
import { ApiServer, type Intercept } from "../../../../lib/apiserver/mod.ts";
import { Api } from "../../../../lib/k8s/api/api.ts";
import type { Resource } from "../../../../lib/k8s/api/resource.ts";
import type { RestClient } from "../../../../lib/k8s/contract.ts";
import { ConnectionError } from "../../../../lib/k8s/errors.ts";
import { mutatingWebhookConfigurations } from "../../../../lib/k8s/kinds/admissionregistration.ts";
import { configMaps, secrets } from "../../../../lib/k8s/kinds/core.ts";
import type { KubeObject } from "../../../../lib/k8s/types.ts";
import type { RingSnapshot } from "../../../../lib/rings/mod.ts";
import { drainLabel, shardLabel } from "../../../../lib/sharding/names.ts";
import { VirtualClock } from "../../../../lib/util/clock/mod.ts";
import { seededRandom } from "../../../../lib/util/random.ts";
import { snapshotOf } from "../snapshots.ts";
import { configMapsOn, noLease, secretsOn, targetOf } from "../targets.ts";

const [shard, drain] = [shardLabel("ring"), drainLabel("ring")];
const signal = new AbortController().signal;

/** Mains of a resource and their ConfigMaps on an API server, and what a sharder knows of them. */
class Scene {
  readonly #server = new ApiServer({ clock: new VirtualClock(), random: seededRandom(1), collectGarbage: false });
  readonly mains: Api<KubeObject>;
  readonly children: Api<KubeObject>;
  readonly families = new Families(100);
  readonly pending = new PendingDrains();
  readonly snapshot: RingSnapshot = snapshotOf({ "shard-a": "ready", "shard-b": "ready" });
  readonly #targets: readonly Target[];
  intercept: Intercept = (request, next) => next(request);

  constructor(main: Resource<KubeObject>, on: (client: RestClient) => Target) {
    const admin = this.#server.client();
    this.mains = new Api(admin, main).inNamespace(main.namespaced ? "default" : undefined);
    this.children = new Api<KubeObject>(admin, configMaps).inNamespace("default");
    const client = this.#server.client({ intercept: (request, next) => this.intercept(request, next) });
    this.#targets = [on(client), configMapsOn(client)];
  }

  get parts(): PassParts {
    const owners = new OwnerLookup(this.#targets);
    const { snapshot, families, pending } = this;
    const mover = new Mover(() => snapshot, owners, {}, noLease);
    return { snapshot, targets: this.#targets, owners, mover, families, pending, concurrency: 4, maxPendingDrains: 10 };
  }

  pass(kind: "all" | "ownerless" = "all"): Promise<PassResult> {
    return pass({ type: kind }, this.parts, signal);
  }

  async child(
    name: string,
    owner: KubeObject,
    labels: Record<string, string>,
    uid = owner.metadata.uid ?? "",
  ): Promise<void> {
    const { apiVersion, kind, metadata } = owner;
    const ownerReferences = [{ apiVersion, kind, name: metadata.name, uid, controller: true }];
    await this.children.create({ metadata: { name, labels, ownerReferences } });
  }

  async shardOf(child: string): Promise<string | undefined> {
    return (await this.children.get(child)).metadata.labels?.[shard];
  }
}

function other(name: string | undefined): string {
  return name === "shard-a" ? "shard-b" : "shard-a";
}

Deno.test("namespaced children of a cluster-scoped owner wait for its acknowledgement, and follow it", async () => {
  const scene = new Scene(
    mutatingWebhookConfigurations,
    (client) => targetOf(client, "main", mutatingWebhookConfigurations),
  );
  const key = "admissionregistration.k8s.io/MutatingWebhookConfiguration//foo";
  const wanted = scene.snapshot.view.shardFor(key);
  const from = other(wanted);
  const foo = await scene.mains.create({ metadata: { name: "foo", labels: { [shard]: from } } });
  // It is assigned by another key, and has to be with its owner all the same.
  const byKey = scene.snapshot.view.shardFor("admissionregistration.k8s.io/MutatingWebhookConfiguration/default/foo");
  await scene.child("foo-0", foo, { [shard]: "bogus" });
  await scene.pass();
  assert.deepEqual(scene.pending.keys(), [key], `children go to ${byKey} by their key`);
  assert.deepEqual(scene.families.keys(), [key]);
  // The acknowledgement, and what the drain watch does then.
  const labels = { [drain]: null, [shard]: wanted ?? null };
  await scene.mains.patch("foo", { type: "merge", patch: { metadata: { labels } } });
  scene.pending.delete(key);
  const family = scene.families.take(key);
  assert.ok(family !== undefined);
  assert.deepEqual(await settleFamily(family, scene.parts, signal), { written: 1, failed: [] });
  assert.equal(await scene.shardOf("foo-0"), wanted);
  assert.deepEqual([scene.pending.size, scene.families.size], [0, 0]);
});

Deno.test("a drain that ends while its answer is on the way does not leave its family behind", async () => {
  const scene = new Scene(secrets, secretsOn);
  const wanted = scene.snapshot.view.shardFor("/Secret/default/foo") ?? "";
  const from = other(wanted);
  const foo = await scene.mains.create({ metadata: { name: "foo", labels: { [shard]: from, [drain]: "true" } } });
  await scene.child("foo-0", foo, { [shard]: from });
  let acknowledged = false;
  scene.intercept = async (request, next) => {
    const answer = await next(request);
    if (request.method === "GET" && request.path.endsWith("/secrets/foo") && !acknowledged) {
      acknowledged = true;
      const labels = { [drain]: null, [shard]: wanted };
      await scene.mains.patch("foo", { type: "merge", patch: { metadata: { labels } } });
    }
    return answer;
  };
  await scene.pass();
  assert.equal(acknowledged, true);
  assert.equal(await scene.shardOf("foo-0"), wanted);
  assert.deepEqual([scene.pending.size, scene.families.size], [0, 0]);
});

Deno.test("a family whose owner could not be read is tried again by a pass that does not find it itself", async () => {
  const scene = new Scene(secrets, secretsOn);
  const wanted = scene.snapshot.view.shardFor("/Secret/default/foo") ?? "";
  const foo = await scene.mains.create({ metadata: { name: "foo", labels: { [shard]: wanted } } });
  await scene.child("foo-0", foo, { [shard]: other(wanted) });
  scene.intercept = (request, next) => {
    if (request.path.endsWith("/secrets/foo")) throw new ConnectionError("cut");
    return next(request);
  };
  assert.equal((await scene.pass()).failed, 1);
  scene.intercept = (request, next) => next(request);
  assert.equal((await scene.pass("ownerless")).written, 1);
  assert.equal(await scene.shardOf("foo-0"), wanted);
});

Deno.test("a child whose owner is gone gets a live shard like any other", async () => {
  const scene = new Scene(secrets, secretsOn);
  const foo = await scene.mains.create({ metadata: { name: "foo", labels: { [shard]: "shard-a" } } });
  await scene.child("foo-0", foo, { [shard]: "bogus" }, "uid-of-an-earlier-foo");
  await scene.pass("ownerless");
  assert.equal(await scene.shardOf("foo-0"), scene.snapshot.view.shardFor("/Secret/default/foo"));
});
