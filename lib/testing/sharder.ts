import type { JSONObject } from "../k8s/contract.ts";
import type { ProcessParts } from "./process.ts";
import type { Distrust, WebhookHandler } from "./webhooks.ts";

/** Settings of a sharder. */
export interface SharderSettings {
  /**
   * Fields of its configuration file (kind SharderConfig, see docs/configuration.md) that differ from the defaults, such
   * as `{ controller: { sharder: { syncPeriod: "1m" } } }`.
   */
  readonly config?: JSONObject;
  /**
   * Let it issue the certificate of its webhook, as it does where nobody else gives one. The API server then only calls
   * replicas whose certificate it trusts. @default false: connections to webhooks are always trusted
   */
  readonly issuesCertificates?: boolean;
}

/** What a sharder on a stage gets. */
export interface SharderParts extends ProcessParts, SharderSettings {
  /** Identity of the replica. */
  readonly name: string;
  /**
   * Lets its webhook listen, at the Service that its configuration names by default, until it is disposed of.
   * @param distrust why the API server does not trust its certificate; see `Webhooks.serve()`.
   */
  readonly serveWebhook: (handler: WebhookHandler, distrust?: Distrust) => Disposable;
}

/** Runs a replica of the sharder until its signal aborts. Handed in, as this layer does not know the sharder. */
export type StartSharder = (parts: SharderParts, signal: AbortSignal) => Promise<void>;
