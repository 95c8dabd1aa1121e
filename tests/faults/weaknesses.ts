import assert from "node:assert/strict";
import { setUpChecksumController } from "../../controllers/examples/checksum/mod.ts";
import type { Fault } from "../../lib/apiserver/mod.ts";
import { Api } from "../../lib/k8s/api/api.ts";
import { configMaps } from "../../lib/k8s/kinds/core.ts";
import { isJsonObject } from "../../lib/k8s/errors.ts";
import { LeadershipLostError } from "../../lib/runtime/election/mod.ts";
import { webhookPath } from "../../lib/sharding/names.ts";
import { untilAborted } from "../../lib/util/until_aborted.ts";
import { jsonOf } from "../integration/stage.ts";
import type { Behaviour } from "../integration/suite.ts";

const shards = ["shard-a", "shard-b"];

/** Requests of which the reference makes errors, and so rejections. */
export const passWhateverComes: Behaviour = {
  name: "names that are not known yet, broken owners, rings that are not known or gone",
  run: async (world) => {
    await world.setUp();
    const { sharder } = await world.startAll(shards);
    const request = {
      uid: "some-uid",
      operation: "CREATE",
      resource: { group: "", version: "v1", resource: "configmaps" },
      namespace: world.name,
    };
    const broken = [
      { metadata: { generateName: "foo-" } },
      {
        metadata: { ownerReferences: [{ apiVersion: "a/b/c", kind: "Secret", name: "x", uid: "y", controller: true }] },
      },
      { metadata: { ownerReferences: [{ apiVersion: "", kind: "", name: "", uid: "", controller: true }] } },
      { metadata: { ownerReferences: "nonsense", labels: 7 } },
      { metadata: null },
      {},
      null,
    ];
    for (const path of [webhookPath(world.name), webhookPath("unknown")]) {
      for (const object of broken) {
        for (const resource of [request.resource, { group: "other", version: "v1", resource: "strangers" }]) {
          const review = {
            apiVersion: "admission.k8s.io/v1",
            kind: "AdmissionReview",
            request: { ...request, resource, object },
          };
          const answer = jsonOf(await sharder.review(path, review));
          assert.ok(isJsonObject(answer) && isJsonObject(answer["response"]));
          const { uid, allowed } = answer["response"];
          assert.deepEqual({ uid, allowed }, { uid: request.uid, allowed: true }, JSON.stringify(review));
        }
      }
    }
    // Its webhook configuration is still there when the ring is not any more.
    await world.rings.patch(world.name, { type: "merge", patch: { metadata: { finalizers: null } } });
    await world.rings.delete(world.name, { propagationPolicy: "Orphan" });
    await world.createSecret("late");
  },
};

/** Only the reference's webhook writes assignments: what it takes from a dead shard stays without one. */
export const noWebhookForTheDead: Behaviour = {
  name: "objects of a shard that dies while the webhook is down move to the others",
  run: async (world) => {
    await world.setUp();
    const processes = await world.startAll(shards);
    const names = await world.createSecrets(10);
    await world.spread(shards, names);
    world.webhooks = "down";
    await processes.shards.get("shard-b")?.crash();
    await world.spread(["shard-a"], names, 10_000);
  },
};

/** The reference gives objects to a silent shard for 2 L, 30 s, and takes none from it. */
export const failoverInTime: Behaviour = {
  name: "with the default Lease",
  run: async (world) => {
    world.pace = "usual";
    await world.setUp();
    const processes = await world.startAll(shards);
    const names = await world.createSecrets(12);
    await world.spread(shards, names);
    const lost = names.filter((name) => world.ownerAmong(shards, name) === "shard-b");
    assert.ok(lost.length > 0);
    const mains = await world.labels(world.secrets);
    const { clock } = world.stage;
    const killed = clock.monotonic();
    await processes.shards.get("shard-b")?.crash();
    await world.eventually("it is late", () => clock.monotonic() >= killed + 15_100, 20_000);
    const late = await world.createSecrets(12, "late");
    const owners = await world.shardsOf(world.secrets);
    for (const name of late) assert.equal(owners.get(name), "shard-a", name);
    await world.spread(["shard-a"], [...names, ...late], 5_000);
    for (const name of lost) {
      const waited = mains.when(name, ({ shard }) => shard === "shard-a") - killed;
      assert.ok(waited <= 18_000, `${name} moved ${waited} ms after its shard was killed`);
    }
  },
};

/** The reference's pass waits for workers that have ended. */
export const nothingHangs: Behaviour = {
  name: "in the middle of a pass over many objects",
  run: async (world) => {
    await world.setUp(null);
    const names = await world.createSecrets(40);
    const silence: Fault = { type: "timeout", ms: 3_600_000, reached: false };
    let writes = 0;
    world.fault = ({ method, path }) => {
      if (method !== "PATCH" || !path.includes("/secrets/")) return { type: "none" };
      writes++;
      return silence;
    };
    const leader = world.startSharder("sharder-a");
    for (const shard of shards) world.startShard(shard);
    await world.createRing(world.name, world.spec());
    await world.eventually("its writes hang", () => writes > 0, 20_000);
    const { clock } = world.stage;
    const asked = clock.monotonic();
    await leader.stop();
    assert.equal(leader.state, "done");
    assert.ok(clock.monotonic() - asked <= 6_000, "the grace is 5 s");

    const written = writes;
    const next = world.startSharder("sharder-b");
    await world.eventually("the writes of the next one hang", () => writes > written, 20_000);
    next.isolate();
    await world.eventually("it ends", () => next.state !== "running", 10_000);
    assert.ok(next.state instanceof LeadershipLostError, String(next.state));

    world.fault = () => ({ type: "none" });
    world.startSharder("sharder-c");
    await world.spread(shards, names, 20_000);
  },
};

/** In the reference a manager has either the one kind of controllers or the other. */
export const bothKindsOfControllers: Behaviour = {
  name: "each with the right to write as long as it may",
  run: async (world) => {
    await world.setUp();
    world.startSharder();
    await world.stage.grant(`notes-${world.name}`, []);
    const running = new Map<string, string>();
    for (const name of shards) {
      world.startShard(name, {
        setUp: (shard) => {
          setUpChecksumController(shard);
          for (const group of ["always", "leader"] as const) {
            shard.add({
              name: `${group} of ${name}`,
              run: async (signal) => {
                const api = new Api(shard.clientFor(group), configMaps, { namespace: world.name });
                running.set(`${group} of ${name}`, "begins");
                const object = { metadata: { name: `${group}-${name}` } };
                await api.apply(object, { signal, fieldManager: "notes" });
                running.set(`${group} of ${name}`, "runs");
                await untilAborted(signal);
                running.delete(`${group} of ${name}`);
              },
            }, group);
          }
        },
      });
    }
    await world.isReady(2);
    await world.spread(shards, await world.createSecrets(8));
    await world.eventually("both work always, and one leads", () => running.size === 3);
    assert.deepEqual([...running.values()], ["runs", "runs", "runs"]);
  },
};
