import type { Api } from "../../lib/k8s/api/api.ts";
import { formatKey, keyOf, type MutatingWebhookConfiguration, type ObjectKey } from "../../lib/k8s/types.ts";
import { type Enqueue, fromInformer, type Source } from "../../lib/runtime/controller/mod.ts";
import type { Runnable } from "../../lib/runtime/runnable.ts";
import { dropManagedFields, Informer } from "../../lib/runtime/watch/mod.ts";
import { leaseRingLabel } from "../../lib/sharding/names.ts";
import { type Clock, sleep } from "../../lib/util/clock/mod.ts";
import type { Random } from "../../lib/util/random.ts";

/** What {@link KnownConfigurations} works with. */
export interface KnownConfigurationsOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Where they may not be watched, they are applied again after so many milliseconds. */
  readonly reapplyPeriod: number;
}

/** A configuration that was applied, and when, in monotonic milliseconds. */
interface Applied {
  readonly object: MutatingWebhookConfiguration;
  readonly at: number;
}

/**
 * The webhook configurations of rings, as far as the sharder may know them: it watches them, and repairs at once what
 * somebody else changes. Who may not watch them, as a sharder with the reference's rights, remembers what it applied
 * itself, and applies it again from time to time.
 */
export class KnownConfigurations implements Runnable {
  readonly name = "informer of webhook configurations";
  readonly #informer: Informer<MutatingWebhookConfiguration>;
  readonly #options: KnownConfigurationsOptions;
  readonly #applied = new Map<string, Applied>();
  readonly #firstDenial = Promise.withResolvers<void>();
  #isDenied = false;

  /** Nothing is known yet; see {@link run}. */
  constructor(api: Api<MutatingWebhookConfiguration>, options: KnownConfigurationsOptions) {
    const { clock, random } = options;
    this.#options = options;
    this.#informer = new Informer(api, {
      clock,
      random,
      labelSelector: leaseRingLabel,
      transform: dropManagedFields,
      observer: { onHealth: (_source, error) => this.#note(error?.problem === "forbidden") },
    });
  }

  /** The configuration as it is; undefined when there is none, or nobody knows. */
  get(key: ObjectKey): MutatingWebhookConfiguration | undefined {
    if (!this.#isDenied) return this.#informer.store.get(key);
    const applied = this.#applied.get(formatKey(key));
    return applied !== undefined && this.#isFresh(applied) ? applied.object : undefined;
  }

  /** Notes what the API server answered when the sharder applied a configuration. */
  applied(configuration: MutatingWebhookConfiguration): void {
    if (!this.#isDenied) return;
    const object = dropManagedFields(configuration);
    this.#applied.set(formatKey(keyOf(object)), { object, at: this.#options.clock.monotonic() });
  }

  /** The rings whose configurations may need repair. @param rings all there are */
  source(rings: () => Iterable<string>): Source {
    const changes = fromInformer(this.#informer, {
      name: "webhook configurations",
      keys: ({ object }) => {
        const name = object.metadata.labels?.[leaseRingLabel];
        return name === undefined ? [] : [{ namespace: "", name }];
      },
    });
    return {
      name: changes.name,
      start: async (enqueue, signal) => {
        await Promise.all([changes.start(enqueue, signal), this.#remind(rings, enqueue, signal)]);
      },
      whenReady: (signal) => Promise.race([changes.whenReady(signal), this.#firstDenial.promise]),
    };
  }

  run(signal: AbortSignal): Promise<void> {
    return this.#informer.run(signal);
  }

  async #remind(rings: () => Iterable<string>, enqueue: Enqueue, signal: AbortSignal): Promise<void> {
    const { clock, reapplyPeriod } = this.#options;
    if (reapplyPeriod === Infinity) return;
    while (!signal.aborted) {
      await sleep(clock, reapplyPeriod, signal).catch(() => undefined);
      if (signal.aborted || !this.#isDenied) continue;
      for (const [key, applied] of this.#applied) if (!this.#isFresh(applied)) this.#applied.delete(key);
      for (const name of rings()) enqueue({ namespace: "", name });
    }
  }

  #isFresh({ at }: Applied): boolean {
    // What the last reminder had applied is a little younger than the period when the next one comes.
    return this.#options.clock.monotonic() - at < 0.9 * this.#options.reapplyPeriod;
  }

  #note(isDenied: boolean): void {
    this.#isDenied = isDenied;
    if (isDenied) this.#firstDenial.resolve();
    else this.#applied.clear();
  }
}
