import type { Api } from "../../lib/k8s/api/api.ts";
import { ApiError, isConflict } from "../../lib/k8s/errors.ts";
import type { Draft, MutatingWebhookConfiguration } from "../../lib/k8s/types.ts";
import { injectsCaBundle } from "./ca_injection.ts";

/**
 * Applies a webhook configuration, without force, so that nobody's fields are taken from him. One exception: where a CA
 * bundle of ours is wanted and another manager owns the field, as cert-manager does where the sharder was configured with
 * its annotation before. Then the configuration is applied without the bundle, by which our annotations go, and if nobody
 * asks for an injection any more, the field is ours.
 *
 * @throws ApiError what the API server refuses; a conflict about the bundle while somebody else's annotation asks for it.
 */
export async function applyConfiguration(
  api: Pick<Api<MutatingWebhookConfiguration>, "apply">,
  wanted: Draft<MutatingWebhookConfiguration>,
  signal: AbortSignal,
): Promise<MutatingWebhookConfiguration> {
  try {
    return await api.apply(wanted, { signal });
  } catch (conflict) {
    if (!isAboutCaBundle(conflict)) throw conflict;
    const { metadata } = await api.apply(withoutCaBundle(wanted), { signal });
    if (injectsCaBundle(metadata.annotations ?? {})) throw conflict;
    return await api.apply(wanted, { signal, force: true });
  }
}

/** Is a CA bundle all that the managers disagree about? */
function isAboutCaBundle(error: unknown): boolean {
  if (!(error instanceof ApiError) || !isConflict(error)) return false;
  const { causes } = error.status;
  return causes.length > 0 && causes.every(({ field }) => field?.endsWith(".clientConfig.caBundle") === true);
}

function withoutCaBundle(wanted: Draft<MutatingWebhookConfiguration>): Draft<MutatingWebhookConfiguration> {
  const webhooks = (wanted.webhooks ?? []).map((webhook) => {
    const { caBundle: _, ...clientConfig } = webhook.clientConfig;
    return { ...webhook, clientConfig };
  });
  return { ...wanted, webhooks };
}
