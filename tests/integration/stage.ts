import type { CertificateSource } from "../../lib/certificates/mod.ts";
import type { JSONValue, RestClient } from "../../lib/k8s/contract.ts";
import type { WebhookClientConfig } from "../../lib/k8s/types.ts";
import type { Clock } from "../../lib/util/clock/mod.ts";
import type { Random } from "../../lib/util/random.ts";
import type { WebhookApp } from "../../webhook/app.ts";
import type { Served } from "../../commands/sharder/options.ts";

/** Whose rights a connection has: a person with all of them, or the service accounts of the manifests. */
export type Actor = "admin" | "sharder" | "shard";

/** What the sharder is allowed: what our manifests grant, or what the reference's do, and its users. */
export type Rights = "ours" | "reference";

/** What a test that needs more than the manifests grant wants the sharder to be allowed. */
export interface Grant {
  readonly apiGroups: string[];
  readonly resources: string[];
  readonly verbs: string[];
}

/** Who may only list the objects of a ring does so this often, in milliseconds. */
export const delayOf: Readonly<Record<Rights, number>> = { ours: 0, reference: 5_000 };

/** A condition of a test; it may ask the API server. */
export type Condition = () => boolean | Promise<boolean>;

/**
 * An API server with the project's manifests, and the time that goes by on it. The integration suite is written once
 * against this: the API server in memory, called directly and on a virtual clock; the same over HTTP in real time; and
 * the real thing.
 */
export interface Stage extends AsyncDisposable {
  readonly time: "virtual" | "real";
  /** Of the sharder. */
  readonly rights: Rights;
  /** So much later the sharder hears of things for lack of rights, in milliseconds; waits last longer by that. */
  readonly delay: number;
  /** Does it refuse what an actor has no right to? */
  readonly authorizes: boolean;
  readonly clock: Clock;
  readonly random: Random;
  /** Longest time that a request of a process takes to the server, in milliseconds, where it takes none by itself. */
  readonly latency: number;
  /** Log lines (level info and above) since the test began. */
  readonly logs: readonly string[];
  /** Opens a connection; whoever opens it closes it. */
  connect(actor: Actor, userAgent: string): RestClient;
  /**
   * Makes a webhook reachable for the API server while it runs. Several at a time share the requests.
   * @param certificates to serve with, where the stage has TLS; without them with the one of {@link clientConfig}
   */
  serveWebhook(app: WebhookApp, certificates?: CertificateSource): Served;
  /** How the API server reaches the webhooks. */
  readonly clientConfig: WebhookClientConfig;
  /** Creates a namespace with all rights that a shard of the checksum-controller needs there. */
  createNamespace(name: string, labels?: Readonly<Record<string, string>>): Promise<void>;
  /** Lets the sharder do more than the manifests say. */
  grant(name: string, rules: readonly Grant[]): Promise<void>;
  /** Forgets all history, where a test can make it do so. */
  compact?(): void;
  /** Stops the API server and starts it again, where a test can make it do so. */
  restart?(): Promise<void>;
  /** Waits until the condition holds. @throws Error after `ms` milliseconds of the stage's time */
  eventually(what: string, condition: Condition, ms: number): Promise<void>;
  /** Sees that the condition holds all the time for `ms` milliseconds of the stage's time. */
  consistently(what: string, condition: Condition, ms: number): Promise<void>;
}

/** Waits on a stage for a promise, as the virtual time does not pass by itself. */
export async function settled<T>(stage: Stage, what: string, promise: Promise<T>, ms: number): Promise<T> {
  let isSettled = false;
  const watched = promise.finally(() => isSettled = true);
  watched.catch(() => undefined);
  await stage.eventually(what, () => isSettled, ms);
  return await watched;
}

/** JSON of a typed object: what a client without types sends. */
export function jsonOf(value: unknown): JSONValue {
  return JSON.parse(JSON.stringify(value));
}
