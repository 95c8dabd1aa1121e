import type { Api } from "../../k8s/api/api.ts";
import { ApiError, isNotFound } from "../../k8s/errors.ts";
import { formatLabelSelector, selectorOf } from "../../k8s/selectors.ts";
import type { ObjectKey } from "../../k8s/types.ts";
import type { Reconcile, ReconcileContext, ReconcileResult } from "../../runtime/controller/mod.ts";
import type { EventNote, EventRecorder } from "../../runtime/events/mod.ts";
import type { StoreReader } from "../../runtime/watch/mod.ts";
import type { Clock } from "../../util/clock/mod.ts";
import { describeError } from "../../util/log.ts";
import type { ReplicaSet } from "../kinds/apps.ts";
import type { Pod } from "../kinds/core.ts";
import { isSameStatus } from "../objects/canonical_json.ts";
import { claim } from "../objects/claim.ts";
import { isControlledBy, orphansIn, ownedBy } from "../objects/owners.ts";
import { isNamespaceTerminating, isUnanswered } from "../objects/answers.ts";
import { isActive, isTerminating } from "../objects/pod_state.ts";
import { deletionOrder } from "./deletion_order.ts";
import type { Expectations } from "./expectations.ts";
import { podOf } from "./pod_of.ts";
import { slowStart } from "./slow_start.ts";
import { nextStatus, type Observation } from "./status.ts";

/** What the reconciler works with. Both stores need the index of objects by controller. */
export interface ReplicaSetParts {
  readonly sets: Pick<StoreReader<ReplicaSet>, "get" | "byIndex">;
  readonly pods: Pick<StoreReader<Pod>, "get" | "byIndex">;
  readonly setApi: Api<ReplicaSet>;
  readonly podApi: Api<Pod>;
  readonly expectations: Expectations;
  readonly recorder: Pick<EventRecorder, "record">;
  readonly clock: Clock;
}

/** Pods that are created or deleted in one go at most. */
const burst = 500;
/** How long the cache may lag behind our writes before we look for ourselves, in milliseconds. */
const patience = 10_000;

/** Keeps as many pods of a ReplicaSet's template as it says, and reports on them in its status. */
export function replicaSetReconciler(parts: ReplicaSetParts): Reconcile {
  return async (key: ObjectKey, { signal }: ReconcileContext): Promise<ReconcileResult> => {
    const set = parts.sets.get(key);
    if (set === undefined) return {};
    return await new ReplicaSetSync(parts, set, signal).run();
  };
}

/** One look at one ReplicaSet. */
class ReplicaSetSync {
  readonly #parts: ReplicaSetParts;
  readonly #set: ReplicaSet;
  readonly #podApi: Api<Pod>;
  readonly #signal: AbortSignal;

  constructor(parts: ReplicaSetParts, set: ReplicaSet, signal: AbortSignal) {
    this.#parts = parts;
    this.#set = set;
    this.#podApi = parts.podApi.inNamespace(set.metadata.namespace);
    this.#signal = signal;
  }

  async run(): Promise<ReconcileResult> {
    const { pods, setApi, podApi, clock } = this.#parts;
    const { namespace = "", deletionTimestamp } = this.#set.metadata;
    // Asked before the cache is read: what it shows now is at least as new.
    const expected = await this.#expectationState();
    const owned = pods.byIndex("controller", ownedBy(this.#set));
    const candidates = [...owned, ...pods.byIndex("controller", orphansIn(namespace))].filter(isActive);
    const selector = selectorOf(this.#set.spec.selector);
    const claimed = await claim({
      owner: this.#set,
      selector,
      candidates,
      api: podApi,
      ownerApi: setApi,
      signal: this.#signal,
    });
    // Neither is there anything to tell of pods that the cache does not show yet: a rollout relies on the numbers.
    if (expected !== "nothing") return { requeueAfter: patience };
    const outcome = deletionTimestamp === undefined ? await this.#manage(claimed) : {};
    const recheckAfter = await this.#report({
      pods: claimed,
      terminating: owned.filter(isTerminating).length,
      now: clock.now(),
      ...(outcome.failure === undefined ? {} : { failure: outcome.failure }),
    });
    if (outcome.error !== undefined) throw outcome.error;
    return { requeueAfter: recheckAfter };
  }

  async #expectationState(): Promise<"nothing" | "cache"> {
    const { expectations, pods, clock } = this.#parts;
    const owner = ownedBy(this.#set);
    const state = expectations.state(owner, pods, clock.monotonic(), patience);
    if (state !== "doubt") return state;
    const labelSelector = formatLabelSelector(this.#set.spec.selector);
    const { items } = await this.#podApi.list({ labelSelector, signal: this.#signal });
    const live = items.filter((pod) => isControlledBy(pod, this.#set));
    expectations.settle(owner, pods.byIndex("controller", owner), live, clock.monotonic());
    return expectations.state(owner, pods, clock.monotonic(), patience) === "nothing" ? "nothing" : "cache";
  }

  /** Creates what is missing, deletes what is too much. */
  async #manage(pods: readonly Pod[]): Promise<Outcome> {
    const missing = (this.#set.spec.replicas ?? 1) - pods.length;
    if (missing > 0) {
      const { error } = await slowStart(Math.min(missing, burst), () => this.#create());
      return isNamespaceTerminating(error) ? {} : outcomeOf(error, "FailedCreate");
    }
    if (missing === 0) return {};
    const { clock } = this.#parts;
    const superfluous = deletionOrder(pods, this.#relatedPods(), clock.now()).slice(0, Math.min(-missing, burst));
    const results = await Promise.allSettled(superfluous.map((pod) => this.#delete(pod)));
    return outcomeOf(results.find((result) => result.status === "rejected")?.reason, "FailedDelete");
  }

  /** Active pods of all ReplicaSets that have the same controller, as a Deployment's. */
  #relatedPods(): readonly Pod[] {
    const { sets, pods } = this.#parts;
    const controller = this.#set.metadata.ownerReferences?.find((owner) => owner.controller === true);
    const siblings = controller === undefined ? [this.#set] : sets.byIndex("controller", controller.uid);
    return siblings.flatMap((set) => pods.byIndex("controller", ownedBy(set))).filter(isActive);
  }

  async #create(): Promise<void> {
    const { expectations, clock } = this.#parts;
    try {
      const pod = await this.#podApi.create(podOf(this.#set), { signal: this.#signal });
      expectations.created(ownedBy(this.#set), pod, clock.monotonic());
      this.#record("Normal", "SuccessfulCreate", `Created pod: ${pod.metadata.name}`, "Create");
    } catch (error) {
      this.#doubtIfUnknown(error);
      if (!isNamespaceTerminating(error)) {
        this.#record("Warning", "FailedCreate", `Error creating: ${messageOf(error)}`, "Create");
      }
      throw error;
    }
  }

  async #delete(pod: Pod): Promise<void> {
    const { expectations, clock } = this.#parts;
    const { name, uid } = pod.metadata;
    try {
      const preconditions = uid === undefined ? {} : { uid };
      await this.#podApi.delete(name, { preconditions, signal: this.#signal });
      this.#record("Normal", "SuccessfulDelete", `Deleted pod: ${name}`, "Delete");
    } catch (error) {
      this.#doubtIfUnknown(error);
      if (!isNotFound(error)) {
        this.#record("Warning", "FailedDelete", `Error deleting: ${messageOf(error)}`, "Delete");
        throw error;
      }
    }
    expectations.deleted(ownedBy(this.#set), pod, clock.monotonic());
  }

  #doubtIfUnknown(error: unknown): void {
    const { expectations, clock } = this.#parts;
    if (isUnanswered(error)) expectations.doubt(ownedBy(this.#set), clock.monotonic());
  }

  /** Writes the status if it says something new. Returns the milliseconds after which time alone changes it. */
  async #report(observation: Observation): Promise<number> {
    const { status, recheckAfter } = nextStatus(this.#set, observation);
    if (!isSameStatus(this.#set.status, status)) {
      const api = this.#parts.setApi.inNamespace(this.#set.metadata.namespace);
      await api.status.replace({ ...this.#set, status }, { signal: this.#signal });
    }
    return recheckAfter;
  }

  #record(type: EventNote["type"], reason: string, message: string, action: string): void {
    this.#parts.recorder.record(this.#set, { type, reason, message, action });
  }
}

/** What came of creating or deleting pods. */
interface Outcome {
  readonly error?: unknown;
  readonly failure?: NonNullable<Observation["failure"]>;
}

function outcomeOf(error: unknown, reason: NonNullable<Observation["failure"]>["reason"]): Outcome {
  return error === undefined ? {} : { error, failure: { reason, message: messageOf(error) } };
}

/** The API server's own words, as people know them from `kubectl describe`. */
function messageOf(error: unknown): string {
  return error instanceof ApiError ? error.status.message : describeError(error);
}
