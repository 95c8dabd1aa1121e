/** The three kinds of probes of a container. */
export type ProbeKind = "startup" | "liveness" | "readiness";

/** What one call of a probe found. */
export interface ProbeOutcome {
  readonly success: boolean;
  /** What went wrong, in the words of a kubelet, such as "HTTP probe failed with statuscode: 503". */
  readonly message: string;
}

/** How many equal outcomes in a row change the verdict. */
export interface ProbeThresholds {
  readonly successThreshold: number;
  readonly failureThreshold: number;
}

/** The verdict on a container, and the outcomes on the way to another one. Plain data. */
export interface ProbeState {
  readonly verdict: "unknown" | "success" | "failure";
  readonly last: boolean | undefined;
  /** How often the last outcome came in a row. */
  readonly run: number;
}

/** Before the first call: a container counts as alive, as not ready, and as not started. */
export function initialProbeState(kind: ProbeKind): ProbeState {
  const verdict = kind === "liveness" ? "success" : kind === "readiness" ? "failure" : "unknown";
  return { verdict, last: undefined, run: 0 };
}

/** The state after one more call. */
export function nextProbeState(state: ProbeState, success: boolean, thresholds: ProbeThresholds): ProbeState {
  const run = state.last === success ? state.run + 1 : 1;
  const enough = run >= (success ? thresholds.successThreshold : thresholds.failureThreshold);
  return { verdict: enough ? (success ? "success" : "failure") : state.verdict, last: success, run };
}
