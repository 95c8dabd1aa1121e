import type { Api } from "../../lib/k8s/api/api.ts";
import type { MutatingWebhookConfiguration } from "../../lib/k8s/types.ts";
import { leaseRingLabel, webhookName } from "../../lib/sharding/names.ts";
import type { Clock } from "../../lib/util/clock/mod.ts";

/** What {@link Distribution} works with. */
export interface DistributionOptions {
  readonly configurations: Api<MutatingWebhookConfiguration>;
  readonly clock: Clock;
  /** API servers get so many milliseconds to see what has been written. */
  readonly propagation: number;
}

/** Watches over the way of authorities into the webhook configurations of all rings. */
export class Distribution {
  readonly #options: DistributionOptions;
  #carried: { readonly caBundle: string; readonly since: number } | undefined;

  constructor(options: DistributionOptions) {
    this.#options = options;
  }

  /**
   * Looks which webhook configurations have another bundle.
   * @param caBundle in base64
   * @returns their names, and whether none has, and had none for so long that API servers have seen it.
   */
  async look(
    caBundle: string,
    signal: AbortSignal,
  ): Promise<{ readonly others: readonly string[]; readonly isDone: boolean }> {
    const { configurations, clock, propagation } = this.#options;
    const others: string[] = [];
    for await (const { items } of configurations.pages({ labelSelector: leaseRingLabel, signal })) {
      others.push(...items.filter((item) => !carries(item, caBundle)).map(({ metadata }) => metadata.name));
    }
    if (others.length > 0) this.#carried = undefined;
    else if (this.#carried?.caBundle !== caBundle) this.#carried = { caBundle, since: clock.monotonic() };
    const isDone = this.#carried !== undefined && clock.monotonic() - this.#carried.since >= propagation;
    return { others, isDone };
  }
}

function carries({ webhooks = [] }: MutatingWebhookConfiguration, caBundle: string): boolean {
  return webhooks.filter(({ name }) => name === webhookName)
    .every(({ clientConfig }) => clientConfig.caBundle === caBundle);
}
