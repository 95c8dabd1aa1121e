import { RingEvents } from "../../../controllers/controller_ring/ring_events.ts";
import { Later } from "../../../controllers/controller_ring/later.ts";
import { WebhookHealth } from "../../../controllers/controller_ring/webhook_health.ts";
import type { SharderObserver } from "../../../controllers/sharder/ring_ledger.ts";
import type { Rings } from "../../../lib/rings/mod.ts";
import { RingTroubles } from "../../../lib/rings/troubles.ts";
import type { EventRecorder } from "../../../lib/runtime/events/mod.ts";
import type { Clock } from "../../../lib/util/clock/mod.ts";
import type { AdmissionObserver } from "../../../webhook/app.ts";
import type { Served } from "../options.ts";

/** Where all parts say what is wrong with rings. */
export interface Reports {
  readonly troubles: RingTroubles;
  readonly webhookHealth: WebhookHealth;
  readonly later: Later;
  readonly ringEvents: RingEvents;
  /** The certificate that the webhook is served with (PEM); undefined when there is none, or nobody knows. */
  readonly servedCertificate: () => string | undefined;
}

/** @param webhook as soon as there is one */
export function reportsOf(rings: Rings, recorder: EventRecorder, clock: Clock, webhook: () => Served): Reports {
  const troubles = new RingTroubles();
  const later = new Later();
  const webhookHealth = new WebhookHealth({ troubles, clock, later: later.ask });
  const ringEvents = new RingEvents({ rings, recorder, clock });
  return { troubles, later, ringEvents, webhookHealth, servedCertificate: () => webhook().certificate?.() };
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

/** Passes on what the sharder does, and has the events of rings tell when it is much. */
export function telling({ moves }: RingEvents, observer: SharderObserver = {}): Required<SharderObserver> {
  return {
    onMove: (ring, ...rest) => {
      observer.onMove?.(ring, ...rest);
      moves.note(ring);
    },
    onDrain: (ring, ...rest) => {
      observer.onDrain?.(ring, ...rest);
      moves.note(ring);
    },
    onWithdraw: (...drain) => observer.onWithdraw?.(...drain),
    onMoved: (...move) => observer.onMoved?.(...move),
    onPass: (...look) => observer.onPass?.(...look),
    onSettled: (ring, seconds) => {
      observer.onSettled?.(ring, seconds);
      moves.settled(ring);
    },
  };
}
