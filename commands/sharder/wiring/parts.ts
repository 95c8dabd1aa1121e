import type { WebhookCertificates } from "../../../controllers/certificates/webhook_certificates.ts";
import type { Discovery } from "../../../lib/k8s/discovery.ts";
import type { Rings } from "../../../lib/rings/mod.ts";
import type { EventRecorder } from "../../../lib/runtime/events/mod.ts";
import type { Clock } from "../../../lib/util/clock/mod.ts";
import type { Random } from "../../../lib/util/random.ts";
import type { SharderConfig } from "../config/sharder_config.ts";
import type { RingObservers, RuntimeObservers } from "../diagnostics/observers.ts";
import type { Caches } from "./caches.ts";
import type { Connections } from "./connections.ts";
import type { Reports } from "./reports.ts";

/** What the controllers of a replica share; each takes of it what it needs. */
export interface ControllerParts {
  readonly config: SharderConfig;
  readonly clock: Clock;
  readonly random: Random;
  readonly connections: Connections;
  readonly caches: Caches;
  readonly rings: Rings;
  readonly discovery: Discovery;
  readonly recorder: EventRecorder;
  readonly reports: Reports;
  /** Undefined where somebody else issues the webhook's certificate. */
  readonly certificates: WebhookCertificates | undefined;
  readonly observers: RuntimeObservers;
  readonly measured: RingObservers;
}

/** Workers of the controllers of rings and Leases, as in the reference. */
export const workers = 5;
