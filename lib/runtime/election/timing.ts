/** Time spans of an election, in milliseconds. */
export interface ElectionTiming {
  /** Others wait so long after the last renewal that they saw before they take the Lease. */
  readonly leaseDuration: number;
  /** The holder stops so long after the start of its last successful renewal. */
  readonly renewDeadline: number;
  /** Pause between renewals; between attempts to acquire, up to 1.2 times as long. */
  readonly retryPeriod: number;
}

/**
 * Attempts to acquire are spread by up to this share of the retry period, so that candidates do not collide. client-go
 * spreads by 1.2: there a candidate may see the last renewal of a leader that crashed 4.4 s late.
 */
export const acquireJitter = 0.2;

/** The renew deadline is longer than so many retry periods, as client-go wants it. */
const leastPeriods = 1.2;

/** One rule that a timing breaks. */
export interface TimingProblem {
  readonly field: keyof ElectionTiming;
  readonly message: string;
}

/** Checks `leaseDuration > renewDeadline > 1.2 x retryPeriod > 0`, as client-go does. */
export function timingProblems(timing: ElectionTiming): TimingProblem[] {
  const { leaseDuration, renewDeadline, retryPeriod } = timing;
  const problems: TimingProblem[] = [];
  if (!(retryPeriod > 0)) problems.push({ field: "retryPeriod", message: "must be longer than 0" });
  if (!(renewDeadline > leastPeriods * retryPeriod)) {
    problems.push({ field: "renewDeadline", message: `must be longer than ${leastPeriods} times retryPeriod` });
  }
  if (!(leaseDuration > renewDeadline)) {
    problems.push({ field: "leaseDuration", message: "must be longer than renewDeadline" });
  }
  return problems;
}
