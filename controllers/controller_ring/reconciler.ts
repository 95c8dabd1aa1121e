import type { Api } from "../../lib/k8s/api/api.ts";
import type { MutatingWebhookConfiguration, ObjectKey } from "../../lib/k8s/types.ts";
import type { Rings, RingSnapshot } from "../../lib/rings/mod.ts";
import { type Reconcile, type ReconcileContext, TerminalError } from "../../lib/runtime/controller/mod.ts";
import type { EventRecorder } from "../../lib/runtime/events/mod.ts";
import type { StoreReader } from "../../lib/runtime/watch/mod.ts";
import { webhookConfigurationName } from "../../lib/sharding/names.ts";
import type { ControllerRing } from "../../lib/sharding/ring_types.ts";
import type { Clock } from "../../lib/util/clock/mod.ts";
import { isLive } from "../../lib/sharding/ring_view.ts";
import { describeError } from "../../lib/util/log.ts";
import { nextStatus, type Outcome } from "./status.ts";
import { holds, isApplied, webhookConfiguration, type WebhookSettings } from "./webhook_configuration.ts";

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
  /** Who issues the webhook's certificate, where we do that ourselves. */
  readonly certificates?: { readonly caBundle: string | undefined } | undefined;
  readonly recorder: Pick<EventRecorder, "record">;
  readonly clock: Clock;
}

/** Sees to it that each ring has its webhook configuration, and reports its shards and whether that went well. */
export function controllerRingReconciler(parts: ControllerRingParts): Reconcile {
  return async ({ name }: ObjectKey, { signal }: ReconcileContext): Promise<void> => {
    const snapshot = parts.rings.get(name);
    // What belongs to a deleted ring is removed by the garbage collector.
    if (snapshot === undefined || snapshot.ring.metadata.deletionTimestamp !== undefined) return;
    const existing = snapshot.view.shards.filter(({ ghost }) => ghost !== true);
    const [shards, availableShards] = [existing.length, existing.filter(({ status }) => isLive(status)).length];
    try {
      if (!await applyConfiguration(snapshot, parts, signal)) return;
    } catch (error) {
      signal.throwIfAborted();
      const failure = `error reconciling webhooks for ControllerRing: ${describeError(error)}`;
      const { recorder } = parts;
      const event = { type: "Warning", reason: "ReconciliationFailed", message: failure, action: "Reconcile" } as const;
      recorder.record(snapshot.ring, event);
      await writeStatus(snapshot, { shards, availableShards, failure }, parts, signal);
      throw error;
    }
    await writeStatus(snapshot, { shards, availableShards }, parts, signal);
  };
}

/** @returns false when the ring is going, and its configuration with it */
async function applyConfiguration(
  { ring, problem }: RingSnapshot,
  parts: ControllerRingParts,
  signal: AbortSignal,
): Promise<boolean> {
  // Only a change of the ring helps.
  if (problem !== undefined) throw new TerminalError(problem);
  const { configurations, configurationApi, settings, certificates } = parts;
  if (certificates !== undefined && certificates.caBundle === undefined) {
    throw new Error("the webhook has no certificate yet: the log says why");
  }
  const wanted = webhookConfiguration(ring, settings, certificates?.caBundle);
  const name = webhookConfigurationName(ring.metadata.name);
  const existing = configurations.get({ namespace: "", name });
  if (isApplied(existing, wanted)) return true;
  // The garbage collector may have taken it already while the ring's own deletion has not come through the watch yet.
  if (existing === undefined && !await isWanted(ring, parts, signal)) return false;
  const answer = await configurationApi.apply(wanted, { signal });
  configurations.applied?.(answer);
  return true;
}

/** Does the API server still have this very ring, and nobody deletes it? */
async function isWanted(
  { metadata }: ControllerRing,
  parts: ControllerRingParts,
  signal: AbortSignal,
): Promise<boolean> {
  const live = await parts.ringApi.find(metadata.name, { signal });
  return live?.metadata.uid === metadata.uid && live?.metadata.deletionTimestamp === undefined;
}

async function writeStatus(
  { ring }: RingSnapshot,
  outcome: Outcome,
  parts: ControllerRingParts,
  signal: AbortSignal,
): Promise<void> {
  const status = nextStatus(ring, outcome, parts.clock.now());
  if (holds(ring.status, status)) return;
  await parts.ringApi.status.replace({ ...ring, status }, { signal });
}
