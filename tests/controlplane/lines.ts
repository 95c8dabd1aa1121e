/** Splits a stream of bytes into lines without their ends; a last line without an end counts too. */
export async function* linesOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}

/** Keeps the last lines only. */
export class LineTail {
  readonly #limit: number;
  readonly #lines: string[] = [];

  /** @param limit how many lines to keep */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Adds a line and drops the oldest one when there are too many. */
  push(line: string): void {
    this.#lines.push(line);
    // In bulk, since shift() on every line of a chatty server would move the whole array each time.
    if (this.#lines.length >= 2 * this.#limit) this.#lines.splice(0, this.#lines.length - this.#limit);
  }

  /** The last lines, oldest first. */
  last(count: number): string[] {
    return this.#lines.slice(Math.max(0, this.#lines.length - Math.min(count, this.#limit)));
  }
}
