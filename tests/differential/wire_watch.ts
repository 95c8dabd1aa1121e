import type { JSONValue } from "../../lib/k8s/contract.ts";
import type { Watching } from "./face.ts";

/** A watch over HTTP. */
export class WireWatch implements Watching {
  readonly events: JSONValue[] = [];
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #abort: AbortController;
  readonly #patience: number;
  readonly #done: Promise<void>;
  #ended = false;

  /** @param patience longest wait for an event, in milliseconds */
  constructor(body: ReadableStream<Uint8Array>, abort: AbortController, patience: number) {
    this.#reader = body.getReader();
    this.#abort = abort;
    this.#patience = patience;
    this.#done = this.#read();
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    try {
      for (let part = await this.#reader.read(); !part.done; part = await this.#reader.read()) {
        const lines = (rest + decoder.decode(part.value, { stream: true })).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) if (line !== "") this.events.push(JSON.parse(line));
      }
    } catch (error) {
      if (!this.#abort.signal.aborted) throw error;
    } finally {
      this.#ended = true;
    }
  }

  async reach(count: number): Promise<void> {
    for (const end = Date.now() + this.#patience; Date.now() < end && this.events.length < count && !this.#ended;) {
      await pause(5);
    }
    // Something that should not come might.
    await pause(this.#patience === 0 ? 0 : 10);
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    // An abort alone may leave a read that is under way hanging.
    await this.#reader.cancel().catch(() => undefined);
    await this.#done;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
