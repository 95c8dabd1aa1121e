import { Api } from "../../../../lib/k8s/api/api.ts";
import { configMaps } from "../../../../lib/k8s/kinds/core.ts";
import type { ConfigMap } from "../../../../lib/k8s/types.ts";
import { VirtualClock } from "../../../../lib/util/clock/mod.ts";
import { seededRandom } from "../../../../lib/util/random.ts";
import {
  watch,
  type WatcherEvent,
  type WatcherOptions,
  type WatchObserver,
} from "../../../../lib/runtime/watch/mod.ts";
import type { ScriptedClient } from "./scripted_client.ts";

/** Events in a short form: `init`, `init_apply a@1`, `apply a@2`, `delete a@3`. */
export function short(event: WatcherEvent<ConfigMap>): string {
  if (event.type === "init" || event.type === "init_done") return event.type;
  return `${event.type} ${event.object.metadata.name}@${event.object.metadata.resourceVersion}`;
}

/** Writes down what an observer is told, in a short form. */
export function recorder(log: string[]): WatchObserver {
  return {
    onList: (source, how) => log.push(`list ${source.resource} ${how}`),
    onWatch: () => log.push("watch"),
    onInterrupted: (_source, silence) => log.push(`interrupted ${silence}`),
    onRelist: (_source, reason) => log.push(`relist ${reason}`),
    onError: (error) => log.push(`error ${error.verb} ${error.problem}`),
    onHealth: (_source, error) => log.push(error === undefined ? "healthy" : `failing ${error.verb} ${error.problem}`),
  };
}

/** A watcher of ConfigMaps at work on a virtual clock. */
export class Following implements AsyncDisposable {
  readonly clock = new VirtualClock();
  readonly events: string[] = [];
  readonly log: string[] = [];
  readonly client: ScriptedClient;
  ended = false;
  readonly #abort = new AbortController();
  readonly #done: Promise<void>;

  constructor(client: ScriptedClient, options?: Partial<WatcherOptions<ConfigMap>>, namespace?: string) {
    this.client = client;
    const api = new Api(client, configMaps, namespace === undefined ? {} : { namespace });
    const events = watch(api, {
      clock: this.clock,
      random: seededRandom(1),
      observer: recorder(this.log),
      ...options,
      signal: this.#abort.signal,
    });
    // Not at once: scripts may look at the clock.
    this.#done = Promise.resolve().then(() => this.#collect(events));
  }

  async #collect(events: AsyncIterable<WatcherEvent<ConfigMap>>): Promise<void> {
    for await (const event of events) this.events.push(short(event));
    this.ended = true;
  }

  /** Events since the last call. */
  async next(ms = 0): Promise<string[]> {
    await this.clock.advance(ms);
    return this.events.splice(0);
  }

  /** The observer's calls since the last call. */
  told(): string[] {
    return this.log.splice(0);
  }

  abort(): void {
    this.#abort.abort(new Error("the test is over"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.abort();
    await this.#done;
  }
}
