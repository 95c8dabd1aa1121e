import type { Probe } from "../../kinds/mod.ts";
import { type Clock, deadline, DeadlineError, sleep } from "../../../util/clock/mod.ts";
import { describeError } from "../../../util/log.ts";
import {
  initialProbeState,
  nextProbeState,
  type ProbeKind,
  type ProbeOutcome,
  type ProbeState,
} from "./probe_state.ts";
import { type ProbeTarget, probeTarget, probeTiming } from "./probe_target.ts";

/** Calls a target once. Rejects when it cannot be reached, or with the signal's reason. */
export type CallProbe = (target: ProbeTarget, signal: AbortSignal) => Promise<ProbeOutcome>;

/** What one call came to. */
export interface ProbeReport {
  readonly outcome: ProbeOutcome;
  readonly verdict: ProbeState["verdict"];
  /** The verdict is another one than before this call. */
  readonly changed: boolean;
}

/** Settings of {@link watchProbe}. */
export interface WatchProbeOptions {
  readonly kind: ProbeKind;
  readonly probe: Probe;
  /** The pod's ports on this machine. */
  readonly ports: Readonly<Record<string, number>>;
  readonly call: CallProbe;
  readonly clock: Clock;
  /** Ends the iteration. */
  readonly signal: AbortSignal;
}

/** Calls a probe again and again from the start of a container on, and gives what each call came to. */
export async function* watchProbe(options: WatchProbeOptions): AsyncGenerator<ProbeReport, void, undefined> {
  const { kind, probe, ports, clock, signal } = options;
  const { initialDelay, period, ...thresholds } = probeTiming(probe);
  let state = initialProbeState(kind);
  for (let pause = initialDelay;; pause = period) {
    // Even without a delay the process gets one turn to begin.
    await sleep(clock, pause, signal).catch(() => undefined);
    if (signal.aborted) return;
    const outcome = await callOnce(options, probeTarget(probe, ports), thresholds.timeout);
    if (signal.aborted) return;
    const next = nextProbeState(state, outcome.success, thresholds);
    const changed = next.verdict !== state.verdict;
    state = next;
    yield { outcome, verdict: state.verdict, changed };
  }
}

async function callOnce(
  { call, clock, signal }: WatchProbeOptions,
  target: ProbeTarget | undefined,
  timeout: number,
): Promise<ProbeOutcome> {
  if (target === undefined) return { success: false, message: "the pod has no port of the name that the probe calls" };
  using limit = deadline(clock, timeout, "the probe", signal);
  try {
    return await call(target, limit.signal);
  } catch (error) {
    const late = limit.signal.reason instanceof DeadlineError;
    return { success: false, message: late ? lateMessage(target) : describeError(error) };
  }
}

function lateMessage(target: ProbeTarget): string {
  if (target.type === "tcp") return `dial tcp ${target.host}:${target.port}: i/o timeout`;
  const url = `${target.scheme}://${target.host}:${target.port}${target.path}`;
  return `Get "${url}": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`;
}
