/** The first waiting time, the longest, and how long a container must have run to begin anew; milliseconds. */
export const restartPauses = { initial: 10_000, max: 300_000, reset: 600_000 } as const;

/** What the next restart of a container has to wait for. Plain data: begin with {@link noBackoff}. */
export interface RestartBackoff {
  /** Pause that the last restart brought, in milliseconds; 0 before the first. */
  readonly pause: number;
  /** When the last restart was allowed, in milliseconds since the epoch. */
  readonly since: number;
}

/** Of a container that has not been restarted. */
export const noBackoff: RestartBackoff = { pause: 0, since: 0 };

/**
 * Milliseconds from the end of a container to its restart. As a kubelet has it: the first restart comes at once, the
 * second after 10 s, each further one after twice the time, at most 5 minutes; after 10 minutes of calm it begins anew.
 * @param finished when the container ended, in milliseconds since the epoch.
 */
export function pauseBeforeRestart(backoff: RestartBackoff, finished: number): number {
  return isOver(backoff, finished) ? 0 : backoff.pause;
}

/**
 * After a restart.
 * @param finished when the container ended that is restarted.
 * @param now when it is restarted.
 */
export function afterRestart(backoff: RestartBackoff, finished: number, now: number): RestartBackoff {
  const { initial, max } = restartPauses;
  const pause = isOver(backoff, finished) || backoff.pause === 0 ? initial : Math.min(backoff.pause * 2, max);
  return { pause, since: now };
}

function isOver({ since }: RestartBackoff, finished: number): boolean {
  return finished - since > restartPauses.reset;
}
