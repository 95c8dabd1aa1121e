import { Api } from "../../../../lib/k8s/api/api.ts";
import type { RestClient } from "../../../../lib/k8s/contract.ts";
import { configMaps } from "../../../../lib/k8s/kinds/core.ts";
import type { ConfigMap } from "../../../../lib/k8s/types.ts";
import { VirtualClock } from "../../../../lib/util/clock/mod.ts";
import { seededRandom } from "../../../../lib/util/random.ts";
import { Informer, type InformerEvent, type InformerOptions } from "../../../../lib/runtime/watch/mod.ts";

/** An informer of ConfigMaps at work on a virtual clock. */
export class Informing implements AsyncDisposable {
  readonly clock: VirtualClock;
  readonly informer: Informer<ConfigMap>;
  readonly #abort = new AbortController();
  readonly #reading: Promise<void>[] = [];
  #run: Promise<void> | undefined;

  constructor(client: RestClient, options?: Partial<InformerOptions<ConfigMap>>, clock = new VirtualClock()) {
    this.clock = clock;
    this.informer = new Informer(new Api(client, configMaps), { clock, random: seededRandom(1), ...options });
  }

  start(): this {
    this.#run = this.informer.run(this.#abort.signal);
    return this;
  }

  /** Collects what a new subscriber gets. */
  subscribe(signal?: AbortSignal): InformerEvent<ConfigMap>[] {
    const events: InformerEvent<ConfigMap>[] = [];
    const subscription = this.informer.events(signal)[Symbol.asyncIterator]();
    this.#reading.push((async () => {
      for (let next = await subscription.next(); next.done !== true; next = await subscription.next()) {
        events.push(next.value);
      }
    })());
    return events;
  }

  /** Names and versions in the store. */
  stored(): string[] {
    return [...this.informer.store.list()].map(version).sort();
  }

  async stop(): Promise<void> {
    this.#abort.abort(new Error("the test is over"));
    await this.#run;
    await Promise.all(this.#reading);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

export function version(object: ConfigMap): string {
  return `${object.metadata.name}@${object.metadata.resourceVersion}`;
}

/** `+a@1` (`+a@1!` when initial), `a@1>a@2`, `-a@2`, `=a@2`. Takes the events out of the array. */
export function brief(events: InformerEvent<ConfigMap>[]): string[] {
  return events.splice(0).map((event) => {
    switch (event.type) {
      case "added":
        return `+${version(event.object)}${event.initial ? "!" : ""}`;
      case "updated":
        return `${version(event.previous)}>${version(event.object)}`;
      case "deleted":
        return `-${version(event.object)}`;
      case "resync":
        return `=${version(event.object)}`;
    }
  });
}
