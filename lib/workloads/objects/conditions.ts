/** What the conditions of ReplicaSets, Deployments and pods have in common. */
export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

/** The condition of a type. */
export function findCondition<C extends Condition>(conditions: readonly C[] | undefined, type: string): C | undefined {
  return conditions?.find((condition) => condition.type === type);
}

/**
 * The conditions with one set. What already holds for the same reason is left as it is, time and message included, so
 * that a status is not written again and again; the time of transition stays while the status does.
 */
export function withCondition<C extends Condition>(conditions: readonly C[], condition: C): readonly C[] {
  const current = findCondition(conditions, condition.type);
  if (current?.status === condition.status && current.reason === condition.reason) return conditions;
  return replaceCondition(conditions, condition);
}

/** The conditions with one set, even if only its message or its time of update are new. */
export function replaceCondition<C extends Condition>(conditions: readonly C[], condition: C): readonly C[] {
  const current = findCondition(conditions, condition.type);
  const since = current?.status === condition.status ? current.lastTransitionTime : undefined;
  const next = since === undefined ? condition : { ...condition, lastTransitionTime: since };
  return [...withoutCondition(conditions, condition.type), next];
}

/** The conditions without those of a type. */
export function withoutCondition<C extends Condition>(conditions: readonly C[], type: string): readonly C[] {
  return conditions.filter((condition) => condition.type !== type);
}
