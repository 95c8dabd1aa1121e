import assert from "node:assert/strict";
import type { Fault } from "../../../lib/apiserver/mod.ts";
import { seededRandom } from "../../../lib/util/random.ts";
import type { RequestOptions } from "../../../lib/k8s/contract.ts";
import type { Behaviour } from "../suite.ts";
import type { World } from "../world.ts";
import { isHunt } from "../../support/runs.ts";

const shards = ["shard-a", "shard-b"];
const three = [...shards, "shard-c"];
const none: Fault = { type: "none" };

function isPatchOf(request: RequestOptions, ...names: readonly string[]): boolean {
  return request.method === "PATCH" && names.some((name) => request.path.endsWith(`/secrets/${name}`));
}

/** Breaks the first `times` requests that match. */
function breakFirst(times: number, fault: Fault, matches: (request: RequestOptions) => boolean): World["fault"] {
  let left = times;
  return (request, process) => process.includes("sharder") && matches(request) && left-- > 0 ? fault : none;
}

/** Secrets that were created while nobody could assign them. */
async function startLate(world: World, count: number): Promise<string[]> {
  await world.setUp(null);
  const names = await world.createSecrets(count);
  await world.createRing(world.name, world.spec());
  return names;
}

/** Requests fail, watches break, and shards do not do their part. */
export const faultTolerance: readonly Behaviour[] = [
  {
    name: "one object that cannot be written does not keep the others from being assigned, and is tried again",
    run: async (world) => {
      const names = await startLate(world, 8);
      let isBroken = true;
      world.fault = (request) =>
        isBroken && isPatchOf(request, "foo-3") ? { type: "status", code: 500, reason: "InternalError" } : none;
      await world.startAll(shards);
      const others = names.filter((name) => name !== "foo-3");
      await world.spread(shards, others);
      assert.equal(await world.shardOf(world.secrets, "foo-3"), undefined);
      await world.eventually("the log names it", () => world.logged(/secrets\/foo-3/));
      isBroken = false;
      await world.spread(shards, names, 12_000);
    },
  },
  {
    name: "conflicts are planned again at once",
    run: async (world) => {
      const names = await startLate(world, 4);
      const conflict: Fault = { type: "status", code: 409, reason: "Conflict" };
      const invalid: Fault = { type: "status", code: 422, reason: "Invalid" };
      const [first, second] = [
        breakFirst(3, conflict, (request) => isPatchOf(request, "foo-0", "foo-1")),
        breakFirst(3, invalid, (request) => isPatchOf(request, "foo-2", "foo-3")),
      ];
      world.fault = (request, process) => {
        const fault = first(request, process);
        return fault.type === "none" ? second(request, process) : fault;
      };
      await world.startAll(shards);
      await world.spread(shards, names, 2_000);
    },
  },
  {
    name: "an answer that is lost after the write was done leaves no trace",
    run: async (world) => {
      const names = await startLate(world, 6);
      world.fault = breakFirst(4, { type: "lost answer" }, (request) => request.method === "PATCH");
      await world.startAll(shards);
      await world.spread(shards, names, 12_000);
    },
  },
  {
    name: "a stuck shard does not keep other shards' objects from moving, and has few drains pending",
    run: async (world) => {
      await world.setUp();
      world.startSharder("sharder-a", { maxPendingDrains: 2 });
      await world.writeLease("shard-stuck", { duration: 3_600 });
      world.startShard("shard-a");
      await world.isReady(2);
      const before = ["shard-a", "shard-stuck"];
      const after = [...before, "shard-c"];
      const names = await world.createSecrets(40);
      const own = names.filter((name) => world.ownerAmong(before, name) === "shard-a");
      await world.settle(before, own);
      world.startShard("shard-c");
      // Where the end of a drain is seen by lists only, two at a time take longer.
      await world.settle(after, own, 10_000 + 8 * world.stage.delay);
      const { items } = await world.secrets.list({ labelSelector: world.drainLabel });
      assert.equal(items.length, 2);
      assert.ok(items.every(({ metadata }) => metadata.labels?.[world.shardLabel] === "shard-stuck"));
      // It wakes up, and the rest goes on.
      const patch = { metadata: { labels: { [world.shardLabel]: null, [world.drainLabel]: null } } };
      await world.eventually("all have moved", async () => {
        const draining = await world.secrets.list({ labelSelector: world.drainLabel });
        for (const { metadata } of draining.items) await world.secrets.patch(metadata.name, { type: "merge", patch });
        const owners = await world.shardsOf(world.secrets);
        return names.every((name) => owners.get(name) === world.ownerAmong(after, name));
      }, 20_000 + 12 * world.stage.delay);
    },
  },
  {
    name: "watches that are cut in the middle go on where they were",
    run: async (world) => {
      await world.setUp();
      let cuts = 0;
      world.fault = ({ querystring }) =>
        querystring?.get("watch") === "true" && cuts++ < 20
          ? { type: "cut stream", after: cuts % 4, how: cuts % 2 === 0 ? "end" : "error" }
          : none;
      world.startSharder();
      for (const shard of shards) world.startShard(shard);
      await world.eventually("many watches were cut", () => cuts >= 20, 120_000);
      await world.isReady(2);
      const names = await world.createSecrets(10);
      await world.spread(shards, names);
      world.startShard("shard-c");
      await world.spread(three, names);
    },
    needs: { ability: "virtual time", why: "watches that break at once are opened again with growing pauses" },
  },
  {
    name: "a crash and restart of the API server costs no process and no object its shard",
    needs: { ability: "restart", why: "the API server is killed and started again" },
    run: async (world) => {
      world.pace = "usual";
      await world.setUp();
      const { sharder, shards: processes } = await world.startAll(shards);
      const names = await world.createSecrets(10);
      await world.spread(shards, names);
      await world.stage.restart?.();
      const mains = await world.labels(world.secrets);
      names.push(...await world.createSecrets(5, "late"));
      await world.spread(shards, names, 30_000);
      world.startShard("shard-c");
      await world.spread(three, names, 30_000);
      for (const process of [sharder, ...processes.values()]) assert.equal(process.state, "running", process.name);
      for (const name of names.filter((name) => world.ownerAmong(three, name) !== "shard-c")) {
        assert.equal(new Set(mains.of(name).map(({ shard }) => shard ?? "none")).size, 1, name);
      }
    },
  },
  {
    name: "watches whose version the API server has forgotten start again from a list",
    run: async (world) => {
      world.pace = "usual";
      await world.setUp();
      await world.startAll(shards);
      const names = await world.createSecrets(10);
      await world.spread(shards, names);
      let gone = 0;
      world.fault = ({ querystring }) =>
        querystring?.get("watch") === "true" && querystring.has("resourceVersion") && gone++ < 20
          ? { type: "status", code: 410, reason: "Expired" }
          : none;
      // Watches end by themselves within five minutes, and start again then.
      await world.eventually("many watches were refused", () => gone >= 20, 900_000);
      world.fault = () => none;
      await world.consistently("time passes", () => true, 60_000);
      world.webhooks = "down";
      names.push(...await world.createSecrets(5, "late"));
      await world.spread(shards, names, 5_000);
      world.startShard("shard-c");
      await world.spread(three, names);
    },
    needs: { ability: "virtual time", why: "watches are opened again every few minutes" },
  },
  {
    name: "a pass whose continue token expires goes on after the last object",
    needs: { ability: "compaction", why: "the API server forgets the state of a page's list in the middle of it" },
    run: async (world) => {
      const names = await startLate(world, 25);
      let expired = 0;
      world.tamper = (process) => async (request, next) => {
        const { querystring } = request;
        if (!process.includes("sharder") || querystring?.get("limit") !== "500") return await next(request);
        const small = new URLSearchParams(querystring);
        small.set("limit", "4");
        // Every other page finds that the server has forgotten the state of the first one.
        if (small.has("continue") && expired++ % 2 === 0) world.stage.compact?.();
        return await next({ ...request, querystring: small });
      };
      await world.startAll(shards);
      await world.spread(shards, names, 4_000);
      assert.ok(expired > 4);
    },
  },
  ...(isHunt ? [42, 7] : [42]).map((seed): Behaviour => ({
    name:
      `whatever breaks for a while (seed ${seed}), in the end every object is where it belongs and nothing more is written`,
    needs: { ability: "virtual time", why: "it lasts six minutes" },
    run: async (world) => {
      await world.setUp();
      await world.startAll(shards);
      const names = await world.createSecrets(15);
      const [random, mains] = [seededRandom(seed), await world.labels(world.secrets)];
      world.startSharder("sharder-b");
      world.fault = ({ method, path, querystring }) => {
        // Leases are spared: losing them ends processes, which is another test.
        if (path.includes("/leases") && method !== "GET") return none;
        const dice = random.next();
        if (querystring?.get("watch") === "true") {
          return dice < 0.3 ? { type: "cut stream", after: Math.floor(random.next() * 5), how: "error" } : none;
        }
        if (dice < 0.05) return { type: "status", code: 500, reason: "InternalError" };
        if (dice < 0.1) return { type: "status", code: 409, reason: "Conflict" };
        if (dice < 0.15) return { type: "lost answer" };
        if (dice < 0.2) return { type: "refused" };
        if (dice < 0.4) return { type: "delay", ms: 1_500 * random.next() };
        return none;
      };
      const shardC = world.startShard("shard-c");
      await world.consistently("time passes", () => true, 30_000);
      world.webhooks = "down";
      names.push(...await world.createSecrets(10, "late"));
      await world.consistently("time passes", () => true, 30_000);
      await shardC.crash();
      world.webhooks = "up";
      await world.consistently("time passes", () => true, 20_000);
      world.fault = () => none;
      await world.spread(shards, names, 60_000);
      await world.consistently("time passes", () => true, 120_000);
      const mark = world.mark;
      await world.consistently("time passes", () => true, 60_000);
      assert.deepEqual(world.writes(mark), []);
      // Of the shards that lived all the time nothing was taken without asking.
      for (const name of mains.names) {
        const seen = mains.of(name);
        for (const [index, { shard, draining }] of seen.entries()) {
          const next = seen[index + 1];
          if (shard === undefined || !shards.includes(shard) || next === undefined || next.shard === shard) continue;
          assert.ok(draining, `${name}: ${JSON.stringify(seen)}`);
        }
      }
    },
  })),
];
