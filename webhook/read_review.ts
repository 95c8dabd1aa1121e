import type { UncheckedMetadata } from "./metadata.ts";

/** Up to so many characters a review is parsed as a whole, which is faster. */
const largestWhole = 131_072;

/** Up to so many characters the parts that are read of a larger one may have: the API server stores no more of them. */
const largestPart = 2_097_152;

/** Stands for a part that is too large to be read: no field may have it as its value. */
const unreadable = 0;

/** The fields that are read of an object; true for all of a value. */
interface Shape {
  readonly [field: string]: Shape | true;
}

/** All that the handler looks at, as the type says. */
const metadata = {
  name: true,
  generateName: true,
  namespace: true,
  labels: true,
  ownerReferences: true,
  resourceVersion: true,
} as const satisfies Record<keyof UncheckedMetadata, true>;
const review: Shape = {
  apiVersion: true,
  kind: true,
  request: {
    uid: true,
    operation: true,
    resource: true,
    subResource: true,
    requestSubResource: true,
    namespace: true,
    dryRun: true,
    object: { apiVersion: true, kind: true, metadata },
    oldObject: { metadata },
  },
};

/**
 * Reads an AdmissionReview from JSON. Of a large one only what {@link decodeReview} and the handler look at becomes an
 * object, and the rest is passed over: 7 MiB of empty objects took 500 MB of memory and a second, of which nothing was
 * needed. What is passed over is not checked.
 * @returns undefined when it is no JSON
 */
export function readReview(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: text.length <= largestWhole ? JSON.parse(text) : pickReview(text) };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined; // The caller tells the client.
    throw error;
  }
}

/** The parts of a review that matter. @throws SyntaxError when it can see that this is no JSON */
export function pickReview(text: string): unknown {
  return new Picker(text).pickAll(review);
}

const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a];
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d];

/** Goes through a JSON text once. Of repeated members the last one counts, as with JSON.parse(). */
class Picker {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  pickAll(shape: Shape): unknown {
    const value = this.#pick(shape);
    this.#skipSpace();
    if (this.#at < this.#text.length) throw this.#unexpected();
    return value;
  }

  #pick(shape: Shape | true): unknown {
    this.#skipSpace();
    if (shape !== true && this.#code === openBrace) return this.#pickObject(shape);
    const start = this.#at;
    this.#skipValue();
    return this.#at - start > largestPart ? unreadable : JSON.parse(this.#text.slice(start, this.#at));
  }

  #pickObject(shape: Shape): unknown {
    const picked: Record<string, unknown> = {};
    this.#at++;
    this.#skipSpace();
    if (this.#code === closeBrace) {
      this.#at++;
      return picked;
    }
    while (true) {
      const name = this.#memberName();
      const inner = Object.hasOwn(shape, name) ? shape[name] : undefined;
      if (inner === undefined) this.#skipValue();
      else picked[name] = this.#pick(inner);
      this.#skipSpace();
      const code = this.#code;
      this.#at++;
      if (code === closeBrace) return picked;
      if (code !== comma) throw this.#unexpected();
    }
  }

  /** Reads a name and its colon. A name that is longer than all that are known is none of them. */
  #memberName(): string {
    this.#skipSpace();
    const start = this.#at;
    if (this.#code !== quote) throw this.#unexpected();
    this.#skipString();
    const written = this.#at - start > 200 ? '""' : this.#text.slice(start, this.#at);
    this.#skipSpace();
    if (this.#code !== colon) throw this.#unexpected();
    this.#at++;
    return JSON.parse(written);
  }

  /** Passes over a value, however deeply it is nested. */
  #skipValue(): void {
    this.#skipSpace();
    let depth = 0;
    do {
      const code = this.#code;
      if (Number.isNaN(code)) throw this.#unexpected();
      if (code === quote) this.#skipString();
      else if (code === openBrace || code === openBracket) depth++, this.#at++;
      else if (code === closeBrace || code === closeBracket) depth--, this.#at++;
      else if (depth > 0) this.#at++;
      else this.#skipScalar();
    } while (depth > 0);
    if (depth < 0) throw this.#unexpected();
  }

  #skipScalar(): void {
    const start = this.#at;
    while (/[-+.0-9A-Za-z]/.test(this.#text.charAt(this.#at))) this.#at++;
    if (this.#at === start) throw this.#unexpected();
  }

  #skipString(): void {
    let end = this.#at;
    while (true) {
      end = this.#text.indexOf('"', end + 1);
      if (end < 0) throw this.#unexpected();
      let escapes = 0;
      while (this.#text.charCodeAt(end - 1 - escapes) === backslash) escapes++;
      if (escapes % 2 === 0) break;
    }
    this.#at = end + 1;
  }

  #skipSpace(): void {
    while (" \t\n\r".includes(this.#text.charAt(this.#at)) && this.#at < this.#text.length) this.#at++;
  }

  /** NaN at the end. */
  get #code(): number {
    return this.#text.charCodeAt(this.#at);
  }

  #unexpected(): SyntaxError {
    return new SyntaxError(`unexpected at position ${this.#at} in JSON`);
  }
}
