import type { GroupResource } from "../../k8s/api/resource.ts";
import {
  type Labels,
  registerCounter,
  registerGauge,
  registerTallies,
  type Registry,
  Tally,
} from "../../runtime/metrics/mod.ts";
import { webhookPathPrefix } from "../../sharding/names.ts";
import { PerRing } from "./per_ring.ts";
import { ResourceCounter } from "./resource_counter.ts";

/** One request to the webhook that was answered. */
export interface AdmissionMeasurement {
  readonly ring: string;
  /** What became of it. */
  readonly outcome: string;
  /** HTTP status. */
  readonly status: number;
  readonly seconds: number;
}

/** Seconds: the webhook usually takes a fraction of a millisecond, and the API server waits for a few seconds. */
const bounds = [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

interface RingAdmissions {
  readonly outcomes: Map<string, number>;
  readonly duration: Tally;
}

/**
 * Measures the webhook, under the names of controller-runtime and the reference and under our own. It is called for each
 * request, and costs some look-ups in small maps.
 */
export class AdmissionMetrics {
  readonly #assignments: ResourceCounter;
  readonly #statuses = new Map<number, number>();
  readonly #duration = new Tally(bounds);
  readonly #rings: PerRing<RingAdmissions>;
  /** Requests for rings that do not exist. */
  readonly #strays = new Map<string, number>();

  /**
   * @param exists is there a ring of this name?
   * @param inFlight how many requests are being answered.
   */
  constructor(registry: Registry, exists: (ring: string) => boolean, inFlight: () => number) {
    const assignments = "Total number of shard assignments per Ring and GroupResource";
    this.#assignments = new ResourceCounter(registry, "controller_sharding_assignments_total", assignments, exists);
    this.#rings = new PerRing(exists, () => ({ outcomes: new Map(), duration: new Tally(bounds) }));
    this.#registerCommon(registry, inFlight);
    this.#registerOwn(registry);
  }

  /** An object was given to a shard. */
  onAssignment(assignment: GroupResource & { readonly ring: string }): void {
    this.#assignments.inc(assignment.ring, assignment);
  }

  /** A request was answered. */
  onRequest({ ring, outcome, status, seconds }: AdmissionMeasurement): void {
    this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1);
    this.#duration.observe(seconds);
    const measured = this.#rings.get(ring);
    const outcomes = measured?.outcomes ?? this.#strays;
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    measured?.duration.observe(seconds);
  }

  #registerCommon(registry: Registry, inFlight: () => number): void {
    const webhook = { webhook: webhookPathPrefix };
    registerCounter(registry, {
      name: "controller_runtime_webhook_requests_total",
      help: "Total number of admission requests by HTTP status code.",
      labelNames: ["webhook", "code"],
      series: () => {
        // From the start, so that rates see the first of each.
        const counts = new Map([[200, 0], [500, 0], ...this.#statuses]);
        return [...counts].map(([code, count]) => [{ ...webhook, code: String(code) }, count] as const);
      },
    });
    registerTallies(registry, {
      name: "controller_runtime_webhook_latency_seconds",
      help: "Histogram of the latency of processing admission requests",
      labelNames: ["webhook"],
      bounds,
      series: () => [[webhook, this.#duration]],
    });
    registerGauge(registry, {
      name: "controller_runtime_webhook_requests_in_flight",
      help: "Current number of admission requests being served.",
      labelNames: ["webhook"],
      series: () => [[webhook, inFlight()]],
    });
  }

  #registerOwn(registry: Registry): void {
    const rings = this.#rings;
    const strays = this.#strays;
    registerCounter(registry, {
      name: "controller_sharding_webhook_requests_total",
      help: "Number of admission requests by what became of them; without ring for rings that do not exist",
      labelNames: ["controllerring", "outcome"],
      *series(): Generator<readonly [Labels, number], void, undefined> {
        for (const [outcome, count] of strays) yield [{ controllerring: "", outcome }, count];
        for (const [controllerring, { outcomes }] of rings.entries()) {
          for (const [outcome, count] of outcomes) yield [{ controllerring, outcome }, count];
        }
      },
    });
    registerTallies(registry, {
      name: "controller_sharding_webhook_duration_seconds",
      help: "How long admission requests take, with the reading of the request",
      labelNames: ["controllerring"],
      bounds,
      *series(): Generator<readonly [Labels, Tally], void, undefined> {
        for (const [controllerring, { duration }] of rings.entries()) yield [{ controllerring }, duration];
      },
    });
  }
}
