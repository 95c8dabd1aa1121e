import type { CertificateSource } from "../../lib/certificates/mod.ts";
import type { RestClient } from "../../lib/k8s/contract.ts";
import type { Registry } from "../../lib/runtime/metrics/mod.ts";
import type { Runnable } from "../../lib/runtime/runnable.ts";
import type { Clock } from "../../lib/util/clock/mod.ts";
import type { Random } from "../../lib/util/random.ts";
import type { WebhookApp } from "../../webhook/app.ts";
import type { ConnectionOptions } from "../common/parts.ts";
import type { SharderConfig } from "./config/sharder_config.ts";

/** Something that serves requests, and can tell whether it does. */
export interface Served extends Runnable {
  /** Throws while requests cannot be answered. */
  readonly check: () => void;
  /** The certificate that is served now (PEM). @default nobody knows */
  readonly certificate?: () => string | undefined;
}

/** What a sharder works with. */
export interface SharderOptions {
  readonly config: SharderConfig;
  /** Who this replica is; no other process may use it. */
  readonly identity: string;
  readonly connect: (options: ConnectionOptions) => RestClient;
  readonly clock: Clock;
  readonly random: Random;
  /** Serves the admission webhook. @param certificates our own, where we issue them */
  readonly serveWebhook: (app: WebhookApp, certificates: CertificateSource | undefined) => Served;
  /** Does nobody else give the webhook a certificate? Then we issue it. @default false */
  readonly issuesCertificates?: boolean;
  /** Serves the health endpoints with these checks for readiness. @default not at all */
  readonly serveHealth?: (ready: Readonly<Record<string, () => void>>) => Runnable;
  /** Measures all parts. @default nothing is measured */
  readonly metrics?: {
    /** Holds the measurements. */
    readonly registry: Registry;
    /** What serves them, and what else belongs to them. The client is for TokenReviews and SubjectAccessReviews. */
    readonly serve: (reviews: RestClient) => readonly Runnable[];
  };
}
