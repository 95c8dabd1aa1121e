import assert from "node:assert/strict";
import { setUpChecksumController } from "../../../controllers/examples/checksum/mod.ts";
import { configMaps, secrets } from "../../../lib/k8s/kinds/core.ts";
import { sleep } from "../../../lib/util/clock/mod.ts";
import { createTestStage, secret, type TestRing, type TestStage } from "../../../testing.ts";

const three = ["shard-a", "shard-b", "shard-c"];

/** What became of the families of a ring in one step, and what it took. Times are in milliseconds. */
interface Account {
  /** Requests for objects, as `sharder patch secrets`; without lists and watches, which do not depend on their number. */
  readonly requests: Record<string, number>;
  readonly admissions: number;
  readonly failures: number;
  readonly families: number;
  /** The longest time that an owner and its child were on different shards. */
  readonly apart: number;
  /** From the beginning of the step until the first change of a shard label. */
  readonly firstMove: number;
}

/** Keeps account of a ring's families. */
class Books {
  readonly #stage: TestStage;
  readonly #ring: TestRing;
  readonly #places = { secrets: new Map<string, string>(), configmaps: new Map<string, string>() };
  readonly #apart = new Map<string, number>();
  readonly #moved = new Set<string>();
  #requests: Record<string, number> = {};
  #failures = 0;
  #admissions = 0;
  #longest = 0;
  #first = NaN;

  constructor(stage: TestStage, ring: TestRing) {
    this.#stage = stage;
    this.#ring = ring;
    stage.onRequest(({ process, verb, resource, name }) => {
      if (name === "" || (resource !== "secrets" && resource !== "configmaps")) return;
      const what = `${process.replace(/-.*/, "")} ${verb} ${resource}`;
      this.#requests[what] = (this.#requests[what] ?? 0) + 1;
      this.#failures++;
    });
    stage.onAnswer(({ name, resource }) => {
      if (name !== "" && (resource === "secrets" || resource === "configmaps")) this.#failures--;
    });
    stage.interceptWebhooks((request, next) => {
      this.#admissions++;
      return next(request);
    });
    for (const [resource, what] of [[secrets, "secrets"], [configMaps, "configmaps"]] as const) {
      stage.server.observe(resource, (_, object) => {
        if (object !== undefined) this.#note(what, object.metadata.name, this.#ring.ownerOf(object));
      });
    }
  }

  /** Does something, and waits until all is where it belongs and nothing happens any more. */
  async step(act: () => unknown): Promise<Account> {
    [this.#requests, this.#failures, this.#admissions, this.#longest, this.#first] = [{}, 0, 0, 0, NaN];
    this.#moved.clear();
    const begin = this.#stage.clock.monotonic();
    await act();
    await this.#stage.advance(30_000);
    await this.#ring.untilSettled();
    assert.equal(this.#apart.size, 0);
    return {
      requests: this.#requests,
      admissions: this.#admissions,
      failures: this.#failures,
      families: this.#moved.size,
      apart: this.#longest,
      firstMove: this.#first - begin,
    };
  }

  #note(what: "secrets" | "configmaps", name: string, shard = ""): void {
    const family = name.replace("checksums-", "");
    const [now, before] = [this.#stage.clock.monotonic(), this.#places[what].get(family)];
    this.#places[what].set(family, shard);
    if (before !== undefined && before !== shard) {
      this.#moved.add(family);
      if (Number.isNaN(this.#first)) this.#first = now;
    }
    const child = this.#places.configmaps.get(family);
    const isApart = child !== undefined && child !== this.#places.secrets.get(family);
    if (isApart && !this.#apart.has(family)) this.#apart.set(family, now);
    if (isApart) return;
    this.#longest = Math.max(this.#longest, now - (this.#apart.get(family) ?? now));
    this.#apart.delete(family);
  }
}

/** A sharder and three shards of the example, with so many Secrets and their ConfigMaps. */
async function begin(stage: TestStage, families: number): Promise<{ readonly ring: TestRing; readonly books: Books }> {
  stage.startSharder();
  const ring = await stage.createRing({ name: "economy" });
  for (const name of three) ring.startShard(name, { setUp: setUpChecksumController });
  await ring.untilReady(3);
  const books = new Books(stage, ring);
  await books.step(async () => {
    for (let i = 0; i < families; i++) await stage.api(secrets).create(secret({ name: `secret-${i}` }));
  });
  return { ring, books };
}

Deno.test("moving a family takes three writes and one admission from a live shard, two writes from one that is gone", async () => {
  await using stage = createTestStage();
  const { ring, books } = await begin(stage, 40);

  const join = await books.step(async () => {
    ring.startShard("shard-d", { setUp: setUpChecksumController });
    await ring.untilReady(4);
  });
  const { families } = join;
  assert.ok(families > 4, `${families} families move`);
  assert.deepEqual(join.requests, {
    "sharder patch secrets": families, // asks the shard to let go
    "shard patch secrets": families, // it lets go, and the webhook says who is next
    "sharder get secrets": families, // who that is
    "sharder patch configmaps": families,
  });
  assert.deepEqual([join.admissions, join.failures], [families, 0]);

  // First one that stops in order, then one that is killed.
  for (const [name, end] of [["shard-d", "stop"], ["shard-c", "kill"]] as const) {
    const leave = await books.step(() => stage.process(name)[end]());
    const { families } = leave;
    assert.ok(families > 4, `${families} families move`);
    const requests = { "sharder patch secrets": families, "sharder patch configmaps": families };
    assert.deepEqual([leave.requests, leave.admissions, leave.failures], [requests, 0, 0], name);
  }
});

Deno.test("the first object moves at once when a shard has left or was taken over, and a settle window after a join", async () => {
  await using stage = createTestStage();
  const { ring, books } = await begin(stage, 40);
  const join = await books.step(() => ring.startShard("shard-d", { setUp: setUpChecksumController }));
  assert.ok(join.firstMove >= 1_000 && join.firstMove <= 1_100, `after ${join.firstMove} ms`);
  const leave = await books.step(() => stage.process("shard-d").stop());
  assert.ok(leave.firstMove <= 100, `after ${leave.firstMove} ms`);
  const crash = await books.step(() => stage.process("shard-c").kill());
  // Two seconds after the last renewal, which may be two seconds old, has run out.
  assert.ok(crash.firstMove >= 14_900 && crash.firstMove <= 17_100, `after ${crash.firstMove} ms`);
});

Deno.test("children follow their owners within a second also when the API server has all its hands full", async () => {
  await using stage = createTestStage();
  const { ring, books } = await begin(stage, 600);
  // Serves one request after the other, 167 writes or 500 reads in a second.
  let busyUntil = 0;
  using _slow = stage.interceptRequests(async (_, request, next) => {
    const now = stage.clock.monotonic();
    busyUntil = Math.max(now, busyUntil) + (request.method === "GET" ? 2 : 6);
    await sleep(stage.clock, busyUntil - now, request.abortSignal);
    return await next(request);
  });
  const { families, apart } = await books.step(() => ring.startShard("shard-d", { setUp: setUpChecksumController }));
  assert.ok(families > 100, `${families} families move`);
  assert.ok(apart <= 1_000, `apart for ${apart} ms`);
});
