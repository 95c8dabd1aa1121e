import type { RingTroubles, Trouble } from "../../lib/rings/troubles.ts";
import type { KubeObject, ObjectMeta, WebhookClientConfig } from "../../lib/k8s/types.ts";
import { webhookConfigurationName } from "../../lib/sharding/names.ts";
import type { Clock } from "../../lib/util/clock/mod.ts";

/** What {@link WebhookHealth} works with. */
export interface WebhookHealthParts {
  readonly troubles: Pick<RingTroubles, "set">;
  readonly clock: Clock;
  /** Asks that this ring is reviewed again after so many milliseconds. */
  readonly later: (ring: string, ms: number) => void;
}

/** API servers get so long to notice a webhook configuration before objects that it missed count, in milliseconds. */
const settling = 30_000;

/** So many missed objects within this time, and no request seen meanwhile, mean that the webhook is not reached. */
const [suspicious, memory] = [3, 5 * 60_000];

/** An object that is older than this when it is seen was not missed by the webhook just now, in milliseconds. */
const young = 60_000;

/** The webhook completes a `generateName` up to this length; objects with longer ones it leaves to the sharder. */
const longestPrefix = 42;

/** What is known of one ring's webhook. */
interface Record {
  /** Its configuration, and since when it is like that; undefined while there is none. */
  applied: { readonly version: string; readonly at: number } | undefined;
  /** When this was first asked about the ring: what was before nobody has seen. */
  readonly since: number;
  /** When objects came to be without a shard, since the last sign of life. */
  missed: number[];
  /** The last sign of life, in milliseconds since the epoch. */
  answeredAt: number;
  /** Has anything been seen of the webhook's work, or was there time enough? */
  decided: boolean;
}

/**
 * Finds out whether API servers reach the webhook. Nobody tells: they go on without an answer. But an object that was
 * created without a shard, long after the configuration was applied, was created without the webhook. Each request that
 * this replica answers is a sign of life.
 */
export class WebhookHealth {
  readonly #parts: WebhookHealthParts;
  readonly #rings = new Map<string, Record>();

  constructor(parts: WebhookHealthParts) {
    this.#parts = parts;
  }

  /** Notes that the API server has the ring's webhook configuration as it should be, in this version. */
  applied(ring: string, { uid = "", generation = 0 }: ObjectMeta): void {
    const record = this.#of(ring);
    const version = `${uid} ${generation}`;
    if (record.applied?.version === version) return;
    record.applied = { version, at: this.#parts.clock.monotonic() };
    record.missed = [];
  }

  /** Milliseconds until API servers know the ring's webhook configuration; Infinity while it is not as it should be. */
  settlesIn(ring: string): number {
    const { applied } = this.#of(ring);
    return applied === undefined ? Infinity : Math.max(applied.at + settling - this.#parts.clock.monotonic(), 0);
  }

  /** An API server has asked this replica about an object of the ring. Costs nothing while all is well. */
  answered(ring: string): void {
    const record = this.#rings.get(ring);
    if (record === undefined) return;
    record.answeredAt = this.#parts.clock.now();
    if (record.decided && record.missed.length === 0) return;
    record.decided = true;
    record.missed = [];
    this.#parts.later(ring, 0);
  }

  /** The sharder had to give a shard to an object that had none; it was told of the object just now. */
  missed(ring: string, { metadata }: Pick<KubeObject, "metadata">): void {
    const { clock, later } = this.#parts;
    const record = this.#rings.get(ring);
    if (record === undefined || (metadata.generateName ?? "").length > longestPrefix) return;
    const now = clock.monotonic();
    const created = Date.parse(metadata.creationTimestamp ?? "");
    if (this.settlesIn(ring) > 0 || !(clock.now() - created < young)) return;
    // Who hears of objects by lists hears late of some that the webhook missed before it was back.
    if (created <= record.answeredAt) return;
    record.missed.push(now);
    if (record.missed.length > suspicious) record.missed.shift();
    if (record.missed.length === suspicious) later(ring, 0);
  }

  /** Says what is known now. @param clientConfig how API servers are told to reach the webhook */
  review(ring: string, clientConfig: WebhookClientConfig): void {
    const { troubles, clock, later } = this.#parts;
    const record = this.#of(ring);
    const now = clock.monotonic();
    record.missed = record.missed.filter((at) => now - at < memory);
    record.decided ||= record.missed.length === suspicious || now - record.since >= memory;
    const found = record.missed.length === suspicious ? [unreached(ring, clientConfig)] : [];
    troubles.set(ring, "webhook", found, record.decided ? [] : ["WebhookUnreachable"]);
    const next = record.missed[0] === undefined ? undefined : record.missed[0] + memory;
    if (next !== undefined) later(ring, next - now);
    else if (!record.decided) later(ring, record.since + memory - now);
  }

  /** Forgets a ring that does not exist any more. */
  forget(ring: string): void {
    this.#rings.delete(ring);
  }

  #of(ring: string): Record {
    const record = this.#rings.get(ring) ??
      { applied: undefined, since: this.#parts.clock.monotonic(), missed: [], answeredAt: -Infinity, decided: false };
    this.#rings.set(ring, record);
    return record;
  }
}

function unreached(ring: string, clientConfig: WebhookClientConfig): Trouble {
  return {
    type: "WebhookUnreachable",
    reason: "RequestsMissing",
    message: "Objects are created without a shard, as API servers get no answer from the webhook; the sharder gives " +
      `them one a moment later. Check ${targetOf(clientConfig)}, whether network policies and firewalls let API ` +
      `servers through, and clientConfig.caBundle of MutatingWebhookConfiguration ${webhookConfigurationName(ring)}`,
  };
}

function targetOf({ url, service }: WebhookClientConfig): string {
  if (url !== undefined) return `that ${url} is reachable for them`;
  return `that Service ${service?.namespace ?? ""}/${service?.name ?? ""} has ready endpoints`;
}
