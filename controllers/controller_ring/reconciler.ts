import type { Api } from "../../lib/k8s/api/api.ts";
import type { MutatingWebhookConfiguration, ObjectKey } from "../../lib/k8s/types.ts";
import type { Rings, RingSnapshot } from "../../lib/rings/mod.ts";
import type { RingTroubles } from "../../lib/rings/troubles.ts";
import { type Reconcile, type ReconcileContext, TerminalError } from "../../lib/runtime/controller/mod.ts";
import type { EventRecorder } from "../../lib/runtime/events/mod.ts";
import type { StoreReader } from "../../lib/runtime/watch/mod.ts";
import { webhookConfigurationName, webhookName } from "../../lib/sharding/names.ts";
import type { ControllerRing } from "../../lib/sharding/ring_types.ts";
import type { Clock } from "../../lib/util/clock/mod.ts";
import { isLive } from "../../lib/sharding/ring_view.ts";
import { describeError, type Logger } from "../../lib/util/log.ts";
import { applyConfiguration } from "./apply_configuration.ts";
import { ApplyPace } from "./apply_pace.ts";
import { injectsCaBundle } from "./ca_injection.ts";
import { Leftovers } from "./leftovers.ts";
import { specTroubles } from "./spec_trouble.ts";
import { lastStatus, nextStatus, type Outcome } from "./status.ts";
import { StatusWriter } from "./status_writer.ts";
import { isApplied, webhookConfiguration, type WebhookSettings } from "./webhook_configuration.ts";
import type { WebhookHealth } from "./webhook_health.ts";
import { trustTrouble } from "./webhook_trust.ts";

/** What the reconciler works with. */
export interface ControllerRingParts {
  readonly rings: Pick<Rings, "get">;
  readonly ringApi: Api<ControllerRing>;
  readonly configurationApi: Api<MutatingWebhookConfiguration>;
  /** The webhook configurations that exist, and what is to hear of those that were applied. */
  readonly configurations: Pick<StoreReader<MutatingWebhookConfiguration>, "get"> & {
    applied?(configuration: MutatingWebhookConfiguration): void;
  };
  readonly settings: WebhookSettings;
  /** Is done for a ring before API servers are told to call the webhook for it. @default nothing */
  readonly prepare?: (ring: ControllerRing, signal: AbortSignal) => Promise<void>;
  /** Who issues the webhook's certificate, where we do that ourselves. */
  readonly certificates?: { readonly caBundle: string | undefined } | undefined;
  /** The certificate that the webhook is served with (PEM). @default unknown */
  readonly servedCertificate?: () => string | undefined;
  /** What is wrong with rings. */
  readonly troubles: RingTroubles;
  /** Whether API servers reach the webhook. */
  readonly webhookHealth: WebhookHealth;
  /** Asks that a ring is reconciled after so many milliseconds. */
  readonly later: (ring: string, ms: number) => void;
  readonly recorder: Pick<EventRecorder, "record">;
  readonly clock: Clock;
}

/** What the webhook is served with is compared with what API servers trust this often, in milliseconds. */
const trustPeriod = 60_000;

/**
 * Sees to it that each ring has its webhook configuration, and reports its shards, whether that went well, and what else
 * is wrong with the ring.
 */
export function controllerRingReconciler(parts: ControllerRingParts): Reconcile {
  const { rings, troubles, webhookHealth, recorder, clock } = parts;
  const writer = new StatusWriter(parts);
  const pace = new ApplyPace(clock);
  const leftovers = new Leftovers();
  return async ({ name }: ObjectKey, { signal, logger }: ReconcileContext): Promise<void> => {
    const snapshot = rings.get(name);
    if (snapshot === undefined) {
      // What belongs to a deleted ring is removed by the garbage collector.
      for (const memory of [troubles, webhookHealth, writer, pace]) memory.forget(name);
      return;
    }
    const { ring, view } = snapshot;
    if (ring.metadata.deletionTimestamp !== undefined) {
      return await writer.write(ring, (ring) => lastStatus(ring, clock.now(), troubles), signal);
    }
    const existing = view.shards.filter(({ ghost }) => ghost !== true);
    // Those that wait for others get no objects yet.
    const available = existing.filter(({ name, status }) => isLive(status) && !view.waiting.includes(name));
    const [shards, availableShards] = [existing.length, available.length];
    const write = (outcome: Outcome): Promise<void> =>
      writer.write(ring, (ring) => nextStatus(ring, outcome, clock.now(), troubles), signal);
    troubles.set(name, "spec", specTroubles(ring));
    try {
      if (!await keepConfiguration(snapshot, { ...parts, leftovers, pace, logger }, signal)) return;
    } catch (error) {
      signal.throwIfAborted();
      const failure = `error reconciling webhooks for ControllerRing: ${describeError(error)}`;
      recorder.record(ring, { type: "Warning", reason: "ReconciliationFailed", message: failure, action: "Reconcile" });
      await write({ shards, availableShards, failure });
      throw error;
    }
    reviewWebhook(name, parts);
    await write({ shards, availableShards });
  };
}

/** @returns false when the ring is going, and its configuration with it */
async function keepConfiguration(
  { ring, problem }: RingSnapshot,
  parts: ControllerRingParts & { readonly leftovers: Leftovers; readonly pace: ApplyPace; readonly logger: Logger },
  signal: AbortSignal,
): Promise<boolean> {
  // Only a change of the ring helps.
  if (problem !== undefined) throw new TerminalError(problem);
  const { configurations, configurationApi, settings, certificates, webhookHealth, leftovers, pace, logger } = parts;
  if (certificates !== undefined && certificates.caBundle === undefined) {
    throw new Error("the webhook has no certificate yet: the log says why");
  }
  const wanted = webhookConfiguration(ring, settings, certificates?.caBundle);
  const name = webhookConfigurationName(ring.metadata.name);
  const existing = configurations.get({ namespace: "", name });
  if (existing !== undefined && isApplied(existing, wanted) && !leftovers.isWorthATry(existing, wanted)) {
    webhookHealth.applied(ring.metadata.name, existing.metadata);
    return true;
  }
  if (existing === undefined) {
    // The garbage collector may have taken it already while the ring's own deletion has not come through the watch yet.
    const live = await findWanted(ring, parts, signal);
    if (live === undefined) return false;
    await parts.prepare?.(live, signal);
  }
  const content = JSON.stringify(wanted);
  const pause = pace.pauseFor(ring.metadata.name, content);
  if (pause > 0) {
    logger.warn("somebody else changes the webhook configuration again and again", { configuration: name });
    parts.later(ring.metadata.name, pause);
    return true;
  }
  const answer = await applyConfiguration(configurationApi, wanted, signal);
  pace.applied(ring.metadata.name, content);
  configurations.applied?.(answer);
  webhookHealth.applied(ring.metadata.name, answer.metadata);
  return true;
}

/** This very ring as the API server has it now; undefined when it is gone, or somebody deletes it. */
async function findWanted(
  { metadata }: ControllerRing,
  parts: ControllerRingParts,
  signal: AbortSignal,
): Promise<ControllerRing | undefined> {
  const live = await parts.ringApi.find(metadata.name, { signal });
  const isSame = live?.metadata.uid === metadata.uid && live?.metadata.deletionTimestamp === undefined;
  return isSame ? live : undefined;
}

/** Says whether API servers reach the ring's webhook and trust it, as far as that can be known. */
function reviewWebhook(ring: string, parts: ControllerRingParts): void {
  const { configurations, settings, troubles, webhookHealth, servedCertificate, later, clock } = parts;
  const configuration = configurations.get({ namespace: "", name: webhookConfigurationName(ring) });
  const webhook = configuration?.webhooks?.find(({ name }) => name === webhookName);
  webhookHealth.review(ring, webhook?.clientConfig ?? settings.clientConfig);
  const certificate = servedCertificate?.();
  const pause = webhookHealth.settlesIn(ring);
  if (configuration === undefined || certificate === undefined || pause === Infinity) return;
  if (pause > 0) return later(ring, pause);
  const isInjected = injectsCaBundle(settings.annotations);
  const found = trustTrouble({ configuration, certificate, isInjected, now: clock.now() });
  troubles.set(ring, "certificate", found === undefined ? [] : [found]);
  later(ring, trustPeriod);
}
