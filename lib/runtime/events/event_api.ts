import { Api } from "../../k8s/api/api.ts";
import type { JSONObject, RestClient } from "../../k8s/contract.ts";
import { isForbidden } from "../../k8s/errors.ts";
import { events } from "../../k8s/kinds/events.ts";
import type { Draft, KubeEvent } from "../../k8s/types.ts";
import type { Clock } from "../../util/clock/mod.ts";
import { type CoreEvent, coreEvents, toCoreEvent } from "./core_event.ts";

/** Who was refused tries `events.k8s.io` again after so many milliseconds. */
const tryAgainAfter = 60_000;

/**
 * Writes events to `events.k8s.io/v1`, or, where the user may not do that, to the core group, which older roles name:
 * both are the same events.
 */
export class EventApi {
  readonly #events: Api<KubeEvent>;
  readonly #coreEvents: Api<CoreEvent>;
  readonly #clock: Clock;
  #refusedUntil = -Infinity;

  constructor(client: RestClient, clock: Clock) {
    this.#events = new Api(client, events);
    this.#coreEvents = new Api(client, coreEvents);
    this.#clock = clock;
  }

  /** Creates an event; resolves with its name. @throws ApiError, ConnectionError */
  async create(event: Draft<KubeEvent>, signal: AbortSignal): Promise<string> {
    const { namespace } = event.metadata;
    const { metadata } = await this.#either(
      () => this.#events.inNamespace(namespace).create(event, { signal }),
      () => this.#coreEvents.inNamespace(namespace).create(toCoreEvent(event), { signal }),
    );
    return metadata.name;
  }

  /** Says how often an event was repeated. @throws ApiError, ConnectionError */
  async repeat(
    namespace: string,
    name: string,
    series: JSONObject,
    signal: AbortSignal,
  ): Promise<void> {
    const patch = { type: "merge", patch: { series } } as const;
    await this.#either(
      () => this.#events.inNamespace(namespace).patch(name, patch, { signal }),
      () => this.#coreEvents.inNamespace(namespace).patch(name, patch, { signal }),
    );
  }

  async #either<A, B>(write: () => Promise<A>, writeCore: () => Promise<B>): Promise<A | B> {
    const now = this.#clock.monotonic();
    if (now < this.#refusedUntil) return await writeCore();
    try {
      return await write();
    } catch (refusal) {
      if (!isForbidden(refusal)) throw refusal;
      const written = await writeCore().catch((error: unknown) => {
        // Who may do neither lacks the permission of today.
        throw isForbidden(error) ? refusal : error;
      });
      this.#refusedUntil = now + tryAgainAfter;
      return written;
    }
  }
}
