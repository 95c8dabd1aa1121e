import { Api } from "../../../lib/k8s/api/api.ts";
import type { Resource } from "../../../lib/k8s/api/resource.ts";
import type { RestClient } from "../../../lib/k8s/contract.ts";
import type { KubeObject, PartialObjectMetadata } from "../../../lib/k8s/types.ts";
import { watch } from "../../../lib/runtime/watch/mod.ts";
import { drainLabel, shardLabel } from "../../../lib/sharding/names.ts";
import { systemClock } from "../../../lib/util/clock/mod.ts";
import { systemRandom } from "../../../lib/util/random.ts";

/** The ring's labels of an object at one moment. */
export interface LabelState {
  /** "" when the object has no shard. */
  readonly shard: string;
  readonly draining: boolean;
  /** Wall-clock time at which the change was seen, in milliseconds. */
  readonly seen: number;
}

/** Writes down every change of a ring's labels on the objects of one resource in namespace default. */
export class LabelLog implements AsyncDisposable {
  readonly #ring: string;
  readonly #stop = new AbortController();
  readonly #history = new Map<string, LabelState[]>();
  #running: Promise<void> = Promise.resolve();

  constructor(ring: string) {
    this.#ring = ring;
  }

  /**
   * Begins to watch; returns when what is there has been read. It goes on where it was when the API server ends a watch,
   * as that does with readers who are slow on a busy machine.
   */
  async start(client: RestClient, resource: Resource<KubeObject>): Promise<void> {
    const objects = new Api(client, resource, { namespace: "default" }).asMetadata();
    const events = watch(objects, { clock: systemClock, random: systemRandom, signal: this.#stop.signal });
    const complete = Promise.withResolvers<void>();
    this.#running = (async () => {
      for await (const event of events) {
        if (event.type === "init_done") complete.resolve();
        if (event.type === "init_apply" || event.type === "apply") this.#note(event.object);
        if (event.type === "delete") this.#history.delete(event.object.metadata.name);
      }
    })();
    await complete.promise;
  }

  /** All states of an object so far, oldest first. */
  historyOf(name: string): readonly LabelState[] {
    return this.#history.get(name) ?? [];
  }

  /** The present shard of each object. */
  get shards(): ReadonlyMap<string, string> {
    return new Map([...this.#history].map(([name, states]) => [name, states.at(-1)?.shard ?? ""]));
  }

  /** When the last change was seen, in milliseconds of the wall clock. */
  get lastChange(): number {
    return Math.max(0, ...[...this.#history.values()].map((states) => states.at(-1)?.seen ?? 0));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  #note({ metadata: { name, labels = {} } }: PartialObjectMetadata): void {
    const shard = labels[shardLabel(this.#ring)] ?? "";
    const draining = labels[drainLabel(this.#ring)] !== undefined;
    const states = this.#history.get(name) ?? [];
    const last = states.at(-1);
    if (last?.shard !== shard || last.draining !== draining) states.push({ shard, draining, seen: Date.now() });
    this.#history.set(name, states);
  }
}
