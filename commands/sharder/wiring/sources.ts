import type { WebhookCertificates } from "../../../controllers/certificates/webhook_certificates.ts";
import { keyOf, type ObjectKey } from "../../../lib/k8s/types.ts";
import type { Rings } from "../../../lib/rings/mod.ts";
import type { Enqueue, Source } from "../../../lib/runtime/controller/mod.ts";
import { type Clock, deadline } from "../../../lib/util/clock/mod.ts";

/** Rings wait so long for the first certificate of the webhook, in milliseconds. */
const certificatePatience = 5_000;

/** Keys for each change of a ring. */
export function ringChanges(rings: Rings, keys: (ring: string) => Iterable<ObjectKey>): Source {
  return {
    name: "rings",
    async start(enqueue: Enqueue, signal: AbortSignal): Promise<void> {
      for await (const { ring } of rings.changes(signal)) for (const key of keys(ring)) enqueue(key);
    },
    whenReady: (signal) => rings.whenReady(signal),
  };
}

/** All rings, whenever API servers have to trust another authority. */
export function authorityChanges(certificates: WebhookCertificates, rings: Rings, clock: Clock): Source {
  return {
    name: "authorities of the webhook",
    async start(enqueue: Enqueue, signal: AbortSignal): Promise<void> {
      for await (const _bundle of certificates.caBundles(signal)) {
        for (const { ring } of rings.list()) enqueue(keyOf(ring));
      }
    },
    // Rings shall not be reported as failed at each start. But they are when this takes long.
    async whenReady(signal: AbortSignal): Promise<void> {
      using patience = deadline(clock, certificatePatience, "the webhook's certificate", signal);
      for await (const _bundle of certificates.caBundles(patience.signal)) return;
    },
  };
}

/** Rings are cluster-scoped. */
export function ringKey(ring: string): ObjectKey {
  return { namespace: "", name: ring };
}
