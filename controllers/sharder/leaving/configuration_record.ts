import type { Api } from "../../../lib/k8s/api/api.ts";
import { type JsonPatchOperation, pointer } from "../../../lib/k8s/api/patch.ts";
import { formatGroupResource } from "../../../lib/k8s/api/resource.ts";
import { isConflict, isForbidden, isInvalid, isNotFound } from "../../../lib/k8s/errors.ts";
import type { MutatingWebhookConfiguration, ObjectKey } from "../../../lib/k8s/types.ts";
import { labelledResourcesAnnotation, webhookConfigurationName } from "../../../lib/sharding/names.ts";
import type { Clock } from "../../../lib/util/clock/mod.ts";
import { type LabelledResource, ruledResources } from "./labelled_resources.ts";

/** The webhook configurations that exist, and what is to hear of changes where they cannot be watched. */
export interface LeavingConfigurations {
  get(key: ObjectKey): MutatingWebhookConfiguration | undefined;
  applied?(configuration: MutatingWebhookConfiguration): void;
}

/** What a {@link LeavingConfiguration} works with. */
export interface LeavingConfigurationParts {
  readonly configurations: LeavingConfigurations;
  readonly configurationApi: Api<MutatingWebhookConfiguration>;
  readonly clock: Pick<Clock, "monotonic">;
}

/** A configuration gets so long to lose the rules of what leaves, in milliseconds; the webhook refuses it anyway. */
const rulesPatience = 5_000;

/** What was written is seen within so many milliseconds; until then it is not written again. */
const writePause = 1_000;

/**
 * The webhook configuration of a ring, as far as leaving goes: it is the record of what may carry the ring's labels, and
 * its rules go before the labels do. The controller of rings applies all else of it.
 */
export class LeavingConfiguration {
  readonly #key: ObjectKey;
  readonly #parts: LeavingConfigurationParts;
  #rulesSince: number | undefined;
  /** What was written, and when, in monotonic milliseconds. */
  readonly #written = new Map<"record" | "rules", { readonly text: string; readonly at: number }>();

  constructor(ring: string, parts: LeavingConfigurationParts) {
    this.#key = { namespace: "", name: webhookConfigurationName(ring) };
    this.#parts = parts;
  }

  /** The configuration as it is; undefined when there is none, or nobody knows. */
  read(): MutatingWebhookConfiguration | undefined {
    return this.#parts.configurations.get(this.#key);
  }

  /** Writes the record, if it is another. It replaces none that was not seen. */
  async record(text: string, signal: AbortSignal): Promise<void> {
    const configuration = this.read();
    if (configuration === undefined || configuration.metadata.annotations?.[labelledResourcesAnnotation] === text) {
      return;
    }
    const { resourceVersion } = configuration.metadata;
    const metadata = {
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      annotations: { [labelledResourcesAnnotation]: text },
    };
    await this.#write(
      "record",
      text,
      (api, name) => api.patch(name, { type: "merge", patch: { metadata } }, { signal }),
    );
  }

  /** Takes all rules away: the API server does not call for this ring any more. Never creates a configuration. */
  async dropRules(signal: AbortSignal): Promise<void> {
    const operations = (this.read()?.webhooks ?? []).flatMap(({ name, rules = [] }, index): JsonPatchOperation[] => {
      const path = pointer("webhooks", `${index}`);
      if (rules.length === 0) return [];
      return [
        { op: "test", path: `${path}/name`, value: name },
        { op: "replace", path: `${path}/rules`, value: [] },
      ];
    });
    if (operations.length === 0) return;
    await this.#write("rules", "", (api, name) => api.patch(name, { type: "json", operations }, { signal }));
  }

  /** Milliseconds for which to wait until the API server does not call for these resources any more. */
  pauseFor(leaving: readonly LabelledResource[]): number {
    const configuration = this.read();
    const ruled = configuration === undefined ? [] : ruledResources(configuration);
    const names = new Set(ruled.map(({ resource }) => formatGroupResource(resource)));
    if (!leaving.some(({ resource }) => names.has(formatGroupResource(resource)))) {
      this.#rulesSince = undefined;
      return 0;
    }
    const now = this.#parts.clock.monotonic();
    this.#rulesSince ??= now;
    return Math.max(this.#rulesSince + rulesPatience - now, 0);
  }

  async #write(
    what: "record" | "rules",
    text: string,
    write: (api: Api<MutatingWebhookConfiguration>, name: string) => Promise<MutatingWebhookConfiguration>,
  ): Promise<void> {
    const { configurations, configurationApi, clock } = this.#parts;
    const last = this.#written.get(what);
    if (last?.text === text && clock.monotonic() < last.at + writePause) return;
    this.#written.set(what, { text, at: clock.monotonic() });
    try {
      configurations.applied?.(await write(configurationApi, this.#key.name));
    } catch (error) {
      // Objects are released even so. The condition Ready says that configurations cannot be written.
      if (isForbidden(error)) return;
      // It has changed meanwhile or is gone, which comes as an event.
      if (!isNotFound(error) && !isConflict(error) && !isInvalid(error)) throw error;
      this.#written.delete(what);
    }
  }
}
