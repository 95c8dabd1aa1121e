import assert from "node:assert/strict";
import type { Lease } from "../../lib/k8s/types.ts";
import { leaseStateLabel, takeOverIdentity } from "../../lib/sharding/names.ts";
import { History } from "../integration/history.ts";
import { settled, type Stage } from "../integration/stage.ts";
import type { Labels, World } from "../integration/world.ts";
import { type GoShard, type GoShards, lostLease, timing } from "./support/go_shards.ts";
import {
  type Figure,
  type Hold,
  holdOf,
  joiners,
  type MembershipParts,
  newcomer,
  type Step,
  victims,
} from "./support/membership_parts.ts";
import { type OwnerSight, twoOwners, type Work, worksOf } from "./support/reconcile_log.ts";

const { leaseDuration } = timing;
/** A silent shard is taken over after so long; one that proves when it stops, after the second. Milliseconds. */
const foreignBound = 2 * leaseDuration;
const provenBound = leaseDuration + 2_000;
/** Two watches do not show the same thing at the same moment. Milliseconds. */
const early = 400;
/** Answers to renewals may take so long without harm. Milliseconds. */
const bearable = 1_000;
/** How much later than its time something may be done, and be seen. Milliseconds. */
const late = 3_000;

/** So many Secrets, each written again several times a second, so that any overlap of two shards shows. */
const secretCount = 55;

/** Shows how shards in Go come, go and fail under our sharder. */
export class Membership {
  readonly #world: World;
  readonly #stage: Stage;
  readonly #shards: GoShards;
  readonly #step: Step;
  readonly #figure: Figure;
  readonly #labels: Labels;
  readonly #holds: History<Lease, Hold>;
  readonly #running = new Map<string, GoShard>();
  #secrets: readonly string[] = [];
  /** On the wall clock. */
  #frozenAt = Infinity;

  private constructor(parts: MembershipParts, labels: Labels, holds: History<Lease, Hold>) {
    this.#world = parts.world;
    this.#stage = parts.world.stage;
    this.#shards = parts.shards;
    this.#step = parts.step;
    this.#figure = parts.figure;
    this.#labels = labels;
    this.#holds = holds;
  }

  /** Shows it in a new world. */
  static async show(parts: MembershipParts): Promise<void> {
    const { world } = parts;
    const over = new AbortController();
    try {
      await world.setUp();
      // The leader shares its event loop with all that is checked here: it is not to lose its own Lease by that.
      world.pace = "usual";
      world.startSharder();
      const holds = new History(world.stage, world.leases, holdOf, over.signal);
      const membership = new Membership(parts, await world.labels(world.secrets), holds);
      await membership.#comeAndGo();
      if (parts.withFaults) await membership.#fail();
      await membership.#check();
    } finally {
      over.abort();
    }
  }

  async #comeAndGo(): Promise<void> {
    const world = this.#world;
    await this.#step("shards join, and each works on its own objects", async () => {
      await this.#start(joiners);
      await world.isReady(joiners.length);
      this.#secrets = await world.createSecrets(secretCount);
      await this.#settle();
    });

    await this.#step("a shard that joins gets its part, acknowledged by those who had it", async () => {
      const before = await world.shardsOf(world.secrets);
      const begin = this.#stage.clock.monotonic();
      await this.#start([newcomer]);
      await this.#settle();
      this.#tell("from the start of a shard to all objects moved", this.#stage.clock.monotonic() - begin);
      const moved = [...await world.shardsOf(world.secrets)].filter(([name, shard]) => shard !== before.get(name));
      assert.ok(moved.length > 0 && moved.every(([, shard]) => shard === newcomer));
      const drained = [...this.#running.values()].flatMap(({ log }) => log.filter(({ event }) => event === "drained"));
      assert.deepEqual(new Set(drained.map(({ object }) => object)), new Set(moved.map(([name]) => name)));
    });

    await this.#step(
      "a shard that is asked to stop ends its work, releases its Lease, and its objects move",
      async () => {
        const [leaver = ""] = joiners;
        const begin = this.#stage.clock.monotonic();
        assert.equal(await this.#remove(leaver).process.stop(), 0);
        await this.#settle();
        this.#tell("from SIGTERM of a shard to all objects moved", this.#stage.clock.monotonic() - begin);
        const released = this.#wall(this.#holds.when(leaver, ({ holder }) => holder === ""));
        assert.ok(this.#lastWrite(leaver) < released, "it wrote nothing after its release");
        assert.equal((await world.leases.get(leaver)).metadata.labels?.[leaseStateLabel], "dead");
      },
    );

    await this.#step("a shard that returns under its name gets its objects back", async () => {
      await this.#start(joiners.slice(0, 1));
      await this.#settle();
    });
  }

  async #fail(): Promise<void> {
    const world = this.#world;
    await this.#step("shards whose renewals are answered late go on, and nothing moves", async () => {
      const slow = [victims.unanswered, victims.hanging, victims.hangingPlain].map((name) => this.#shard(name));
      for (const { link } of slow) link.delays = { requests: 0, answers: bearable };
      const before = await world.shardsOf(world.secrets);
      const { length: renewals } = this.#holds.of(victims.unanswered);
      await world.consistently("all shards are available", () => this.#isAvailable(), 4 * bearable);
      assert.deepEqual(await world.shardsOf(world.secrets), before);
      assert.ok(this.#holds.of(victims.unanswered).length > renewals, "it renews its Lease");
    });

    await this.#step("shards that fail in different ways stop in time, and are taken over after that", async () => {
      const owners = new Set((await world.shardsOf(world.secrets)).values());
      assert.deepEqual(
        Object.values(victims).filter((name) => !owners.has(name)),
        [],
        "all of them have something to do",
      );
      this.#remove(victims.killed).process.signal("SIGKILL");
      this.#remove(victims.killedWithProof).process.signal("SIGKILL");
      const unanswered = this.#remove(victims.unanswered);
      unanswered.link.delays = { requests: 0, answers: Infinity };
      const hanging = [this.#remove(victims.hanging), this.#remove(victims.hangingPlain)];
      for (const { link } of hanging) link.delays = { requests: Infinity, answers: Infinity };
      const frozen = this.#remove(victims.frozen);
      frozen.process.signal("SIGSTOP");
      this.#frozenAt = this.#stage.clock.now();
      for (const [how, name] of Object.entries(victims)) await this.#takenOver(how, name);
      await this.#settle();
      for (const shard of [unanswered, ...hanging]) await this.#losesLease(shard);
      const writes = worksOf(frozen.log).length;
      frozen.process.signal("SIGCONT");
      await this.#losesLease(frozen);
      assert.equal(worksOf(frozen.log).length, writes, "the frozen shard wrote nothing when it went on");
    });

    await this.#step("all of them return under their names", async () => {
      await this.#start(Object.values(victims));
      await this.#settle();
    });
  }

  /** Sees that a shard ends by itself. */
  async #losesLease({ process }: GoShard): Promise<void> {
    const ended = await settled(this.#stage, `${process.name} ends`, process.ended(), 5_000);
    assert.equal(ended, lostLease);
  }

  async #takenOver(how: string, name: string): Promise<void> {
    const isTaken = ({ holder }: Hold): boolean => holder === takeOverIdentity;
    await this.#world.eventually(
      `${name} is taken over`,
      () => this.#holds.of(name).some(isTaken),
      foreignBound + late,
    );
    const sights = this.#holds.sights(name);
    const taken = this.#holds.when(name, isTaken);
    const silence = taken - (sights.findLast(({ value, at }) => value.holder === name && at < taken)?.at ?? NaN);
    const bound = name === victims.killedWithProof ? provenBound : foreignBound;
    assert.ok(silence > bound - early && silence < bound + late, `${name}, ${how}: taken over after ${silence} ms`);
    const margin = this.#wall(taken) - this.#lastWrite(name);
    assert.ok(margin > 0, `${name}, ${how}, wrote ${-margin} ms after it was taken over`);
    this.#tell(`${how}: from the last renewal to the take-over`, silence);
    this.#tell(`${how}: from the last write to the take-over`, margin);
  }

  async #check(): Promise<void> {
    await this.#step("no two shards ever worked on one object at the same time", () => {
      const works = this.#shards.works.map((work) => this.#thawed(work));
      const owners = new Map(this.#secrets.map((name): [string, OwnerSight[]] => {
        const sights = this.#labels.sights(name);
        return [name, sights.map(({ value, at }) => ({ shard: value.shard ?? "", at: this.#wall(at) }))];
      }));
      const sights = [...owners.values()].flat().length;
      this.#figure(`${works.length} writes were checked against ${sights} labels`);
      assert.deepEqual(twoOwners(works, owners), []);
      assert.ok(works.length > 5 * secretCount && sights > secretCount, "there was something to check");
      return Promise.resolve();
    });
  }

  /** What was sent before the shard was frozen was over soon after, though it reports the answer when it goes on. */
  #thawed(work: Work): Work {
    const isCaught = work.shard === victims.frozen && work.begin <= this.#frozenAt && work.end > this.#frozenAt;
    return isCaught ? { ...work, end: this.#frozenAt } : work;
  }

  async #start(names: readonly string[]): Promise<void> {
    await Promise.all(names.map(async (name) => {
      this.#running.set(
        name,
        await this.#shards.start(name, {
          provesStop: name === victims.killedWithProof,
          plain: name === victims.hangingPlain,
        }),
      );
    }));
  }

  #shard(name: string): GoShard {
    return this.#running.get(name) ?? assert.fail(`${name} runs`);
  }

  /** The shard is none of those any more that should have objects. */
  #remove(name: string): GoShard {
    const shard = this.#shard(name);
    this.#running.delete(name);
    return shard;
  }

  /** Waits until every family is where the hash ring of the running shards puts it. */
  async #settle(): Promise<void> {
    await this.#world.spread([...this.#running.keys()], this.#secrets, 15_000);
  }

  async #isAvailable(): Promise<boolean> {
    const { status } = await this.#world.rings.get(this.#world.name);
    return status?.availableShards === this.#running.size;
  }

  /** When the last write of a shard began, on the wall clock. */
  #lastWrite(name: string): number {
    return Math.max(...this.#shards.works.filter(({ shard }) => shard === name).map(({ begin }) => begin));
  }

  /** From the clock of what was seen to that of the shards' reports. */
  #wall(monotonic: number): number {
    const { clock } = this.#stage;
    return monotonic + clock.now() - clock.monotonic();
  }

  #tell(what: string, ms: number): void {
    this.#figure(`${what}: ${(ms / 1_000).toFixed(1)} s`);
  }
}
