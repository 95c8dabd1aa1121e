import type { Clock } from "../../../util/clock/mod.ts";
import type { Container, Probe } from "../../kinds/mod.ts";
import { type CallProbe, watchProbe } from "../probes/watch_probe.ts";
import type { ProbeKind } from "../probes/probe_state.ts";

/** Settings of {@link ContainerProbes}. */
export interface ContainerProbesOptions {
  readonly container: Container;
  /** The pod's ports on this machine. */
  readonly ports: Readonly<Record<string, number>>;
  readonly call: CallProbe;
  readonly clock: Clock;
  /** The container has started, or become ready or unready. */
  readonly onChange: (state: { readonly started: boolean; readonly ready: boolean }) => void;
  /** A call failed; the message is that of a kubelet's event. */
  readonly onFailure: (message: string) => void;
  /** The container has to be ended. */
  readonly onDead: (kind: ProbeKind, probe: Probe) => void;
}

const titles = { startup: "Startup", liveness: "Liveness", readiness: "Readiness" } as const;

/** The probes of one running container. The startup probe goes first; the others wait for its success. */
export class ContainerProbes {
  readonly #options: ContainerProbesOptions;

  constructor(options: ContainerProbesOptions) {
    this.#options = options;
  }

  /** Probes until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { container, onChange } = this.#options;
    const { startupProbe, livenessProbe, readinessProbe } = container;
    if (startupProbe !== undefined && !await this.#untilStarted(startupProbe, signal)) return;
    onChange({ started: true, ready: readinessProbe === undefined });
    await Promise.all([
      livenessProbe === undefined ? undefined : this.#untilDead("liveness", livenessProbe, signal),
      readinessProbe === undefined ? undefined : this.#followReadiness(readinessProbe, signal),
    ]);
  }

  /** False when the container is dead or ends before. */
  async #untilStarted(probe: Probe, signal: AbortSignal): Promise<boolean> {
    return await this.#untilDead("startup", probe, signal) === "success";
  }

  async #untilDead(kind: "startup" | "liveness", probe: Probe, signal: AbortSignal): Promise<"success" | undefined> {
    for await (const { verdict, changed, outcome } of this.#watch(kind, probe, signal)) {
      if (!outcome.success) this.#tell(kind, outcome.message);
      if (changed && verdict === "failure") {
        this.#options.onDead(kind, probe);
        return undefined;
      }
      if (kind === "startup" && verdict === "success") return "success";
    }
    return undefined;
  }

  async #followReadiness(probe: Probe, signal: AbortSignal): Promise<void> {
    for await (const { verdict, changed, outcome } of this.#watch("readiness", probe, signal)) {
      if (!outcome.success) this.#tell("readiness", outcome.message);
      if (changed) this.#options.onChange({ started: true, ready: verdict === "success" });
    }
  }

  #watch(kind: ProbeKind, probe: Probe, signal: AbortSignal): ReturnType<typeof watchProbe> {
    const { ports, call, clock } = this.#options;
    return watchProbe({ kind, probe, ports, call, clock, signal });
  }

  #tell(kind: ProbeKind, message: string): void {
    this.#options.onFailure(`${titles[kind]} probe failed: ${message}`);
  }
}
