import type { Api } from "../../k8s/api/api.ts";
import type { Draft } from "../../k8s/types.ts";
import type { EventNote, EventRecorder } from "../../runtime/events/mod.ts";
import type { Clock } from "../../util/clock/mod.ts";
import type { Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet } from "../kinds/apps.ts";
import { isSame, isSameStatus } from "../objects/canonical_json.ts";
import { withCondition } from "../objects/conditions.ts";
import { isUnanswered } from "../objects/answers.ts";
import type { OwnWrites } from "../objects/own_writes.ts";
import { ownedBy } from "../objects/owners.ts";
import { sizeAnnotations } from "./revisions.ts";
import { type Resize, sizeOf } from "./sizes.ts";

/** What a rollout writes with. */
export interface RolloutParts {
  readonly deploymentApi: Api<Deployment>;
  readonly setApi: Api<ReplicaSet>;
  readonly writes: OwnWrites;
  readonly recorder: Pick<EventRecorder, "record">;
  readonly clock: Clock;
}

/** One Deployment and its ReplicaSets as they are now, our own writes included. */
export class Rollout {
  readonly #parts: RolloutParts;
  readonly #signal: AbortSignal;
  readonly #sets: Map<string, ReplicaSet>;
  #deployment: Deployment;
  #newSet: string | undefined;

  constructor(parts: RolloutParts, deployment: Deployment, sets: readonly ReplicaSet[], signal: AbortSignal) {
    this.#parts = parts;
    this.#deployment = deployment;
    this.#sets = new Map(sets.map((set) => [set.metadata.name, set]));
    this.#signal = signal;
  }

  get deployment(): Deployment {
    return this.#deployment;
  }

  /** All ReplicaSets. */
  get sets(): readonly ReplicaSet[] {
    return [...this.#sets.values()];
  }

  /** The one whose template is the Deployment's. */
  get newSet(): ReplicaSet | undefined {
    return this.#newSet === undefined ? undefined : this.#sets.get(this.#newSet);
  }

  get oldSets(): readonly ReplicaSet[] {
    return this.sets.filter(({ metadata }) => metadata.name !== this.#newSet);
  }

  get now(): number {
    return this.#parts.clock.now();
  }

  /** This ReplicaSet is the new one. */
  use(set: ReplicaSet): void {
    this.#newSet = set.metadata.name;
    this.#sets.set(set.metadata.name, set);
  }

  /** Reads a ReplicaSet that the cache does not show. */
  find(name: string): Promise<ReplicaSet | undefined> {
    return this.#setApi.find(name, { signal: this.#signal });
  }

  /** Creates a ReplicaSet. */
  create(set: Draft<ReplicaSet>): Promise<ReplicaSet> {
    return this.#remembered(this.#setApi.create(set, { signal: this.#signal }));
  }

  /** Writes a ReplicaSet, unless it is the same already. Fails with a conflict when it has changed since it was read. */
  async write(set: ReplicaSet): Promise<ReplicaSet> {
    const before = this.#sets.get(set.metadata.name);
    if (before !== undefined && isSame(before, set)) return before;
    const written = await this.#remembered(this.#setApi.replace(set, { signal: this.#signal }));
    this.#sets.set(written.metadata.name, written);
    return written;
  }

  /** Deletes a ReplicaSet. */
  async remove({ metadata }: ReplicaSet): Promise<void> {
    const { uid, resourceVersion } = metadata;
    // In this version only: it might have got pods again.
    const preconditions = {
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    };
    await this.#setApi.delete(metadata.name, { preconditions, signal: this.#signal });
    this.#sets.delete(metadata.name);
  }

  /** Gives ReplicaSets other sizes. True when there was anything to do. */
  async resize(resizes: readonly Resize[]): Promise<boolean> {
    let changed = false;
    for (const { set, size } of resizes) {
      const from = sizeOf(set);
      const annotations = { ...set.metadata.annotations, ...sizeAnnotations(this.#deployment) };
      const next = { ...set, metadata: { ...set.metadata, annotations }, spec: { ...set.spec, replicas: size } };
      await this.write(next);
      if (size === from) continue;
      changed = true;
      this.noteScaling(set.metadata.name, from, size);
    }
    return changed;
  }

  /** Tells people of a new size. */
  noteScaling(name: string, from: number, to: number): void {
    const direction = to > from ? "up" : "down";
    this.note("Normal", "ScalingReplicaSet", `Scaled ${direction} replica set ${name} from ${from} to ${to}`);
  }

  /** Tells people what happened. */
  note(type: EventNote["type"], reason: string, message: string): void {
    this.#parts.recorder.record(this.#deployment, { type, reason, message, action: "Reconcile" });
  }

  /** Writes the status, and annotations that go with it, unless they hold already. */
  async report(status: DeploymentStatus, annotations: Readonly<Record<string, string>> = {}): Promise<boolean> {
    const { metadata } = this.#deployment;
    const next = { ...metadata.annotations, ...annotations };
    if (isSameStatus(this.#deployment.status, status) && isSame(metadata.annotations ?? {}, next)) return false;
    const api = this.#parts.deploymentApi.inNamespace(metadata.namespace);
    const reported = { ...this.#deployment, metadata: { ...metadata, annotations: next }, status };
    this.#deployment = await api.status.replace(reported, { signal: this.#signal });
    return true;
  }

  /** Writes one condition, and annotations that go with it. */
  async reportCondition(
    condition: DeploymentCondition | undefined,
    annotations: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const { status = {} } = this.#deployment;
    const conditions = status.conditions ?? [];
    const next = condition === undefined ? conditions : withCondition(conditions, condition);
    await this.report(next === conditions ? status : { ...status, conditions: [...next] }, annotations);
  }

  /** The next look at the Deployment waits until the cache shows what was written. */
  async #remembered(write: Promise<ReplicaSet>): Promise<ReplicaSet> {
    const { writes, clock } = this.#parts;
    const owner = ownedBy(this.#deployment);
    try {
      const written = await write;
      writes.wrote(owner, written, clock.monotonic());
      return written;
    } catch (error) {
      if (isUnanswered(error)) writes.doubt(owner, clock.monotonic());
      throw error;
    }
  }

  get #setApi(): Api<ReplicaSet> {
    return this.#parts.setApi.inNamespace(this.#deployment.metadata.namespace);
  }
}
