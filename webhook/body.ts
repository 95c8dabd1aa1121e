import type { Clock } from "../lib/util/clock/mod.ts";
import { readReview } from "./read_review.ts";

/** A body as far as it was read, or why reading it stopped. */
export type Body =
  | { readonly type: "text"; readonly text: string }
  | Unread;

/** A body as JSON. */
export type JsonBody =
  | { readonly type: "json"; readonly value: unknown }
  | { readonly type: "no json" }
  | Unread;

/** Why a body was not read. */
export type Unread =
  | { readonly type: "too large"; readonly limit: number }
  | { readonly type: "too slow" }
  /** There is no room for more of it; this is its beginning. */
  | { readonly type: "no room"; readonly text: string }
  /** The client went away, or the body contradicts its own length. */
  | { readonly type: "broken"; readonly error: unknown };

/**
 * Up to so many bytes are read by Deno's native way, which costs less but goes on until the client is gone, whatever we
 * think of it; usual reviews are smaller.
 */
const nativeBytes = 65_536;

type BodyStream = ReadableStreamDefaultReader<Uint8Array>;

/**
 * Reads bodies within a limit of size and time. Time is checked for all bodies together, by one timer that runs while
 * any is being read: a timer for each request would cost more than the rest of the answer. So a body may take between
 * one and two times the limit. Dispose it to give back the timer.
 */
export class BodyReader implements Disposable {
  readonly #clock: Clock;
  readonly #limit: number;
  readonly #timeout: number;
  /** What to call for bodies whose time is up; those that began before the last look at the clock, and after it. */
  #old = new Set<() => void>();
  #young = new Set<() => void>();
  #timer: Disposable | undefined;

  /**
   * @param limit bytes that a body may have.
   * @param timeout milliseconds that reading it may take.
   */
  constructor(clock: Clock, limit: number, timeout: number) {
    this.#clock = clock;
    this.#limit = limit;
    this.#timeout = timeout;
  }

  /**
   * Reads a whole review: of a large one only what is needed, see {@link readReview}. Never throws.
   * @param length what the client declares, see {@link declaredLength}
   * @param room Is there room for so many bytes? Asked as they come, where the client did not say how many there will be.
   */
  async review(request: Request, length: number | undefined, room: (bytes: number) => boolean): Promise<JsonBody> {
    if (length !== undefined && length > this.#limit) return this.#tooLarge();
    if (length !== undefined && length <= nativeBytes) {
      // The server holds a client to the length that it declared. With text() for json() it all costs 15 % more.
      return await this.#inTime(request.json().then(asJson, asNoJson));
    }
    const body = await this.#streamed(request, this.#limit, "refuse", length === undefined ? room : unlimited);
    if (body.type !== "text") return body;
    const read = readReview(body.text);
    return read === undefined ? { type: "no json" } : asJson(read.value);
  }

  /** Reads the whole body, but keeps only its first bytes (decoded, perhaps cut within a character). Never throws. */
  head(request: Request, bytes: number): Promise<Body> {
    return this.#streamed(request, bytes, "skip");
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }

  #streamed(request: Request, keep: number, beyond: "refuse" | "skip", room = unlimited): Promise<Body> {
    const stream = request.body?.getReader();
    const read = stream === undefined ? Promise.resolve(asText("")) : this.#read(stream, keep, beyond, room);
    return this.#inTime(read.catch(asBroken), () => stream?.cancel().catch(() => undefined));
  }

  async #read(stream: BodyStream, keep: number, beyond: "refuse" | "skip", room: typeof unlimited): Promise<Body> {
    const decoder = new TextDecoder();
    let text = "";
    let size = 0;
    while (true) {
      const { done, value } = await stream.read();
      if (done) return asText(text + decoder.decode());
      if (size < keep) text += decoder.decode(value.subarray(0, keep - size), { stream: true });
      size += value.length;
      if (size > keep && (beyond === "refuse" || size > this.#limit)) {
        await stream.cancel();
        return this.#tooLarge();
      }
      if (!room(size)) {
        await stream.cancel();
        return { type: "no room", text };
      }
    }
  }

  #tooLarge(): Unread {
    return { type: "too large", limit: this.#limit };
  }

  /** @param stop stops the reading when it takes too long. */
  #inTime<T>(body: Promise<T | Unread>, stop?: () => void): Promise<T | Unread> {
    return new Promise((resolve) => {
      const late = (): void => {
        resolve({ type: "too slow" });
        stop?.();
      };
      this.#young.add(late);
      this.#timer ??= this.#clock.timer(this.#timeout, () => this.#look());
      void body.then((result) => {
        if (!this.#young.delete(late)) this.#old.delete(late);
        resolve(result);
      });
    });
  }

  #look(): void {
    for (const late of this.#old) late();
    this.#old = this.#young;
    this.#young = new Set();
    this.#timer = this.#old.size === 0 ? undefined : this.#clock.timer(this.#timeout, () => this.#look());
  }
}

function unlimited(_bytes: number): boolean {
  return true;
}

/** Bytes that the body will have; undefined when the client does not say. */
export function declaredLength(request: Request): number | undefined {
  const header = request.headers.get("content-length");
  return header !== null && /^\d+$/.test(header) ? Number(header) : undefined;
}

function asText(text: string): Body {
  return { type: "text", text };
}

function asJson(value: unknown): JsonBody {
  return { type: "json", value };
}

function asNoJson(error: unknown): JsonBody {
  return error instanceof SyntaxError ? { type: "no json" } : asBroken(error);
}

function asBroken(error: unknown): Unread {
  return { type: "broken", error };
}
