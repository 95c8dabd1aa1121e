import type { RestClient } from "../../../lib/k8s/contract.ts";

/** Watches as a sharder's leader has them open, whose events are only counted. */
export class SelectorWatches implements AsyncDisposable {
  readonly #stop = new AbortController();
  #running: Promise<unknown> = Promise.resolve();
  #events = 0;

  /** Opens `count` watches on the metadata of Secrets of all namespaces; returns when the API server has answered all. */
  static async open(
    client: RestClient,
    count: number,
    selector: (index: number) => string,
    resourceVersion: string,
  ): Promise<SelectorWatches> {
    const watches = new SelectorWatches();
    const streams: ReadableStream<Uint8Array>[] = [];
    for (let index = 0; index < count; index++) {
      streams.push(
        await client.performRequest({
          method: "GET",
          path: "/api/v1/secrets",
          querystring: new URLSearchParams({
            watch: "true",
            allowWatchBookmarks: "true",
            labelSelector: selector(index),
            resourceVersion,
          }),
          accept: "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
          expectStream: true,
          abortSignal: watches.#stop.signal,
        }),
      );
    }
    watches.#running = Promise.all(streams.map((stream) => watches.#count(stream)));
    return watches;
  }

  /** Events of all watches so far. */
  get events(): number {
    return this.#events;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #count(stream: ReadableStream<Uint8Array>): Promise<void> {
    try {
      // Parsing them would take CPU from the API server, which shares the machine: a line is an event.
      for await (const bytes of stream) for (const byte of bytes) if (byte === 10) this.#events++;
    } catch (error) {
      if (!this.#stop.signal.aborted) throw error;
    }
  }
}
