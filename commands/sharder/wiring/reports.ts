import { Later } from "../../../controllers/controller_ring/later.ts";
import { WebhookHealth } from "../../../controllers/controller_ring/webhook_health.ts";
import { RingTroubles } from "../../../lib/rings/troubles.ts";
import type { Clock } from "../../../lib/util/clock/mod.ts";
import type { AdmissionObserver } from "../../../webhook/app.ts";
import type { Served } from "../options.ts";

/** Where all parts say what is wrong with rings. */
export interface Reports {
  readonly troubles: RingTroubles;
  readonly webhookHealth: WebhookHealth;
  readonly later: Later;
  /** The certificate that the webhook is served with (PEM); undefined when there is none, or nobody knows. */
  readonly servedCertificate: () => string | undefined;
}

/** @param webhook as soon as there is one */
export function reportsOf(clock: Clock, webhook: () => Served): Reports {
  const troubles = new RingTroubles();
  const later = new Later();
  const webhookHealth = new WebhookHealth({ troubles, clock, later: later.ask });
  return { troubles, later, webhookHealth, servedCertificate: () => webhook().certificate?.() };
}

/** Passes admissions on, and takes them as signs of life of the webhook. */
export function noting(health: WebhookHealth, observer: AdmissionObserver = {}): Required<AdmissionObserver> {
  return {
    onAssignment: (assignment) => observer.onAssignment?.(assignment),
    onRequest: (report) => {
      observer.onRequest?.(report);
      health.answered(report.ring);
    },
  };
}
