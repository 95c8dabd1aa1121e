import { brakesOf } from "../../lib/sharding/brakes.ts";
import { pausedAnnotation } from "../../lib/sharding/names.ts";
import type { ControllerRing, ControllerRingStatus, RingCondition } from "../../lib/sharding/ring_types.ts";
import { secondsPrecise } from "./seconds_precise.ts";
import { type TroubleReader, withTroubles } from "./trouble_conditions.ts";

/** What a reconciliation found out. */
export interface Outcome {
  readonly shards: number;
  readonly availableShards: number;
  /** Why the ring could not be reconciled; undefined when it could. */
  readonly failure?: string;
}

/** Name of the condition that every ring has. */
export const ready = "Ready";

/** Name of the condition that a ring has while it is paused. */
export const paused = "Paused";

/** Nobody says that anything is wrong, or that it is not. */
const nothingKnown: TroubleReader = { of: () => [], isDecided: () => false };

/** The status that a ring should have. Conditions of others are kept; times move only when a condition flips. */
export function nextStatus(
  ring: ControllerRing,
  outcome: Outcome,
  now: number,
  troubles: TroubleReader = nothingKnown,
): ControllerRingStatus {
  const conditions = ring.status?.conditions ?? [];
  const previous = conditions.find((condition) => condition.type === ready);
  const condition = readyCondition(ring, outcome, previous, now);
  const current = previous === undefined
    ? [...conditions, condition]
    : conditions.map((other) => other === previous ? condition : other);
  return {
    ...ring.status,
    ...(ring.metadata.generation === undefined ? {} : { observedGeneration: ring.metadata.generation }),
    shards: outcome.shards,
    availableShards: outcome.availableShards,
    conditions: withTroubles(withPause(current, ring, now), ring, troubles, now),
  };
}

/** The status of a ring that is on its way out: what keeps it is said, and all else stays as it was. */
export function lastStatus(ring: ControllerRing, now: number, troubles: TroubleReader): ControllerRingStatus {
  const { status = { shards: 0, availableShards: 0 } } = ring;
  return { ...status, conditions: withTroubles(status.conditions ?? [], ring, troubles, now) };
}

/** Is there a change that people should see at once: of readiness, of the number of shards, or of the spec that holds? */
export function isUrgent(before: ControllerRingStatus | undefined, after: ControllerRingStatus): boolean {
  const readiness = ({ conditions = [] }: ControllerRingStatus): string => {
    const { status = "", reason = "" } = conditions.find(({ type }) => type === ready) ?? {};
    return `${status} ${reason}`;
  };
  return before === undefined || before.shards !== after.shards || before.availableShards !== after.availableShards ||
    before.observedGeneration !== after.observedGeneration || readiness(before) !== readiness(after);
}

function readyCondition(
  ring: ControllerRing,
  outcome: Outcome,
  previous: RingCondition | undefined,
  now: number,
): RingCondition {
  const status = outcome.failure === undefined ? "True" : "False";
  return {
    type: ready,
    status,
    reason: outcome.failure === undefined ? "ReconciliationSucceeded" : "ReconciliationFailed",
    message: outcome.failure === undefined
      ? "ControllerRing was successfully reconciled"
      : `${outcome.failure.charAt(0).toUpperCase()}${outcome.failure.slice(1)}`,
    ...(ring.metadata.generation === undefined ? {} : { observedGeneration: ring.metadata.generation }),
    lastTransitionTime: previous?.status === status ? previous.lastTransitionTime : secondsPrecise(now),
  };
}

/** The condition exists only while the ring is paused: who looks at a healthy ring has nothing to read. */
function withPause(conditions: readonly RingCondition[], ring: ControllerRing, now: number): readonly RingCondition[] {
  const others = conditions.filter(({ type }) => type !== paused);
  if (!brakesOf(ring).paused) return others;
  const previous = conditions.find(({ type }) => type === paused);
  const condition: RingCondition = {
    type: paused,
    status: "True",
    reason: "PausedByAnnotation",
    message: `No object moves between live shards: annotation ${pausedAnnotation}`,
    ...(ring.metadata.generation === undefined ? {} : { observedGeneration: ring.metadata.generation }),
    lastTransitionTime: previous?.status === "True" ? previous.lastTransitionTime : secondsPrecise(now),
  };
  return previous === undefined
    ? [...others, condition]
    : conditions.map((other) => other === previous ? condition : other);
}
