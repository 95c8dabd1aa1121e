import type { Draft, MutatingWebhookConfiguration } from "../../lib/k8s/types.ts";
import { injectsCaBundle } from "./ca_injection.ts";

/**
 * What an earlier configuration of the sharder has left in webhook configurations: a CA bundle where certificates come
 * from elsewhere now, or an annotation that has one injected. Applying takes away what the sharder itself has written;
 * what is somebody else's stays, so it is tried once only.
 */
export class Leftovers {
  readonly #tried = new Set<string>();

  /** Should the configuration be applied once more, although it holds all that is wanted? */
  isWorthATry(existing: MutatingWebhookConfiguration, wanted: Draft<MutatingWebhookConfiguration>): boolean {
    const { name } = existing.metadata;
    if (this.#tried.has(name) || !hasLeftovers(existing, wanted)) return false;
    this.#tried.add(name);
    return true;
  }
}

function hasLeftovers(
  { metadata, webhooks = [] }: MutatingWebhookConfiguration,
  wanted: Draft<MutatingWebhookConfiguration>,
): boolean {
  if (injectsCaBundle(wanted.metadata.annotations ?? {})) return false;
  if (injectsCaBundle(metadata.annotations ?? {})) return true;
  return webhooks.some(({ name, clientConfig }) => {
    const ours = wanted.webhooks?.find((webhook) => webhook.name === name);
    return clientConfig.caBundle !== undefined && ours !== undefined && ours.clientConfig.caBundle === undefined;
  });
}
