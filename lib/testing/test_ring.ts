import { controllerRings } from "../sharding/ring_types.ts";
import { formatKey, keyOf, type KubeObject } from "../k8s/types.ts";
import { runShard, type ShardOptions } from "../shard/mod.ts";
import { shardLabel } from "../sharding/names.ts";
import { describeError } from "../util/log.ts";
import type { TestProcess } from "./process.ts";
import { type ReconcileFilter, ReconcileLog, type TestReconcile } from "./reconciles.ts";
import { RingState } from "./ring_state.ts";
import type { TestStage } from "./stage.ts";
import type { ProcessSettings, WaitOptions } from "./stage_options.ts";

/** Settings of a shard: those of `runShard()`, of which all but `setUp` have defaults here. */
export interface TestShardSettings
  extends
    Pick<ShardOptions, "setUp">,
    Partial<Omit<ShardOptions, "ring" | "shardName" | "setUp" | "connect" | "clock" | "random">>,
    ProcessSettings {}

/** A ControllerRing on a stage, its shards and its objects. */
export class TestRing {
  /** Name of the ControllerRing. */
  readonly name: string;
  readonly #stage: TestStage;
  readonly #state: RingState;
  readonly #log: ReconcileLog;
  readonly #shards = new Map<string, TestProcess>();

  /** Made by `TestStage.createRing()`. */
  constructor(stage: TestStage, name: string) {
    this.name = name;
    this.#stage = stage;
    this.#state = new RingState(stage, name, this.#shards);
    this.#log = new ReconcileLog(stage.clock);
  }

  /** Starts a shard of this ring, as a process of its own: `runShard()` with the author's controllers. */
  startShard(name: string, settings: TestShardSettings): TestProcess {
    const { user, skew, observers = {}, ...options } = settings;
    const reconcile = this.#log.observer(name, () => shard.state);
    const shard = this.#stage.start(
      name,
      ({ clock, random, connect }, signal) =>
        runShard({
          leaseNamespace: "default",
          ...options,
          observers: { reconcile, ...observers },
          ring: this.name,
          shardName: name,
          clock,
          random,
          connect,
        }, signal),
      { ...(user === undefined ? {} : { user }), ...(skew === undefined ? {} : { skew }) },
    );
    this.#shards.set(name, shard);
    return shard;
  }

  /** The calls of the author's reconcilers in the shards of this ring, in the order in which they began. */
  reconciles(filter: ReconcileFilter = {}): readonly TestReconcile[] {
    return this.#log.list(filter);
  }

  /** Waits until the ring is ready, and so many shards are available. @throws Error when that does not come to be */
  async untilReady(shards: number, wait: WaitOptions = {}): Promise<void> {
    await this.#stage.eventually(`ring ${this.name} is ready with ${shards} available shards`, async () => {
      const { status } = await this.#stage.api(controllerRings).get(this.name);
      const ready = status?.conditions?.find(({ type }) => type === "Ready");
      if (ready?.status !== "True") throw new Error(`it is not ready: ${ready?.message ?? "nobody looked at it yet"}`);
      if (status?.availableShards !== shards) throw new Error(`it has ${status?.availableShards ?? 0}`);
    }, wait);
  }

  /**
   * Waits until everything is where it belongs: each main object carries the label of the live shard that the hash of
   * its name gives it to, each controlled object that of its controller, and none is about to move. Live is a shard that
   * holds its Lease; those that this test killed, froze, disconnected or stopped are not, and those that it started have
   * to be there.
   * @throws Error that names the first objects that are not where they belong.
   */
  async untilSettled(wait: WaitOptions = {}): Promise<void> {
    await this.#stage.eventually(`the objects of ring ${this.name} are where they belong`, async () => {
      const problems = await this.#state.problems();
      if (problems.length > 0) throw new Error(summary(problems));
    }, wait);
  }

  /**
   * Waits until everything is where it belongs, as {@link untilSettled} does, and until the last call of a reconciler
   * for each main object was by its owner, has ended, and succeeded.
   * @param wait.since only calls from this number on count, such as `ring.reconciles().length` at a moment. @default 0
   * @throws Error that names the first objects for which that does not come to be.
   */
  async untilReconciled({ since = 0, ...wait }: WaitOptions & { readonly since?: number } = {}): Promise<void> {
    await this.#stage.eventually(`the objects of ring ${this.name} are reconciled by their owners`, async () => {
      const problems = [...await this.#state.problems()];
      const last = new Map(this.#log.list({ since }).map((call) => [`${call.kind} ${call.key}`, call]));
      for (const { object, description, shard } of (await this.#state.objects()).mains) {
        const call = last.get(`${object.kind} ${formatKey(keyOf(object))}`);
        const problem = problemOf(call, shard);
        if (problem !== undefined) problems.push(`${description} ${problem}`);
      }
      if (problems.length > 0) throw new Error(summary(problems));
    }, wait);
  }

  /**
   * The main objects of each shard, as `namespace/name` in alphabetical order. Under "" those that have none; live
   * shards without objects are there too.
   */
  async distribution(): Promise<ReadonlyMap<string, readonly string[]>> {
    const keys = new Map<string, string[]>((await this.#state.shards()).live.map((shard) => [shard, []]));
    for (const { shard = "", object } of (await this.#state.objects()).mains) {
      keys.set(shard, [...keys.get(shard) ?? [], formatKey(keyOf(object))].sort());
    }
    return new Map([...keys].sort(([a], [b]) => a < b ? -1 : 1));
  }

  /** The shard whose label an object carries; undefined when it carries none. */
  ownerOf(object: KubeObject): string | undefined {
    return object.metadata.labels?.[shardLabel(this.name)];
  }

  /** The calls of {@link reconciles} that began while one in another shard's process was at work on the same object. */
  clashes(): readonly TestReconcile[] {
    return this.#log.clashes.map(([, second]) => second);
  }

  /**
   * Sees that no reconciler was called for an object while one in another shard's process was still at work on it. A
   * process that is frozen or ended is not at work.
   * @throws Error that names the object, the two shards and the times.
   */
  assertOneOwner(): void {
    const [clash] = this.#log.clashes;
    if (clash === undefined) return;
    const [first, second] = clash;
    const start = new Date(second.startedAt).toISOString();
    throw new Error(
      `two shards worked on ${second.kind} ${second.key}: ${second.shard} began at ${start}, while ${first.shard} had ` +
        `been at it since ${new Date(first.startedAt).toISOString()}`,
    );
  }
}

/** Why the last call for an object is not the one that its owner should have made. */
function problemOf(call: TestReconcile | undefined, owner: string | undefined): string | undefined {
  if (call === undefined || call.shard !== owner) return `was not reconciled by ${owner ?? "any shard"}`;
  if (call.endedAt === undefined) return `is still being reconciled by ${owner}`;
  return call.error === undefined ? undefined : `could not be reconciled by ${owner}: ${describeError(call.error)}`;
}

function summary(problems: readonly string[]): string {
  const rest = problems.length - 5;
  return problems.slice(0, 5).join("; ") + (rest > 0 ? `; and ${rest} more` : "");
}
