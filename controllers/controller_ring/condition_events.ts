import type { EventNote } from "../../lib/runtime/events/mod.ts";
import { troubleTypes } from "../../lib/rings/troubles.ts";
import type { ControllerRingStatus, RingCondition } from "../../lib/sharding/ring_types.ts";
import { paused, ready } from "./status.ts";

const ours: ReadonlySet<string> = new Set(troubleTypes);

/**
 * What there is to tell when one status follows another: troubles that begin or become others, and those that are over.
 * The status is the memory, so that a new leader does not tell again what was told before.
 */
export function conditionEvents(
  before: ControllerRingStatus | undefined,
  after: ControllerRingStatus,
): readonly EventNote[] {
  const previous = byType(before?.conditions ?? []);
  const present = byType(after.conditions ?? []);
  const notes: EventNote[] = [];
  for (const [type, { reason, message }] of present) {
    const known = previous.get(type);
    if (type === paused && known === undefined) notes.push(note("Normal", "Paused", message));
    if (!ours.has(type) || (known?.reason === reason && known.message === message)) continue;
    notes.push(note("Warning", reason, message));
  }
  for (const [type, { message }] of previous) {
    if (present.has(type)) continue;
    if (type === paused) notes.push(note("Normal", "Resumed", "Objects move between live shards again"));
    if (ours.has(type)) notes.push(note("Normal", `${type}Resolved`, `This does not hold any more: ${message}`));
  }
  if (previous.get(ready)?.status === "False" && present.get(ready)?.status === "True") {
    notes.push(note("Normal", "ReconciliationSucceeded", present.get(ready)?.message ?? ""));
  }
  return notes;
}

function byType(conditions: readonly RingCondition[]): ReadonlyMap<string, RingCondition> {
  return new Map(conditions.map((condition) => [condition.type, condition]));
}

function note(type: EventNote["type"], reason: string, message: string): EventNote {
  return { type, reason, message, action: "Reconcile" };
}
