import type { JSONValue } from "../../k8s/contract.ts";

/** A text that is no JSON, in the words of Go. */
export class JsonSyntaxError extends Error {
  override readonly name = "JsonSyntaxError";
}

/** How many objects and arrays may lie in each other, as in Go. */
const deepest = 10_000;

/** Reads JSON. @throws JsonSyntaxError */
export function parseJson(text: string): JSONValue {
  const opening = text.length > deepest ? tooDeep(text) : undefined;
  if (opening !== undefined) throw new JsonSyntaxError(`invalid character '${opening}' exceeded max depth`);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new JsonSyntaxError(new Scanner(text).problem(), { cause });
  }
}

/** The bracket that opens one object or array too many; undefined when there is none. */
function tooDeep(text: string): string | undefined {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length; index++) {
    const char = text[index];
    if (inString) {
      if (char === "\\") index++;
      else if (char === '"') inString = false;
    } else if (char === '"') inString = true;
    else if (char === "}" || char === "]") depth--;
    else if ((char === "{" || char === "[") && ++depth > deepest) return char;
  }
  return undefined;
}

const end = "unexpected end of JSON input";
const literals: Readonly<Record<string, string>> = { t: "true", f: "false", n: "null" };

/** Finds what Go's scanner would stumble over. It reads bytes, so that a character may be half of one here. */
class Scanner {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(text: string) {
    this.#bytes = new TextEncoder().encode(text);
  }

  /** What is wrong with a text that is no JSON. */
  problem(): string {
    const problem = this.#value();
    if (problem !== undefined) return problem;
    return this.#peek() === undefined ? end : this.#wrong("after top-level value");
  }

  #char(): string | undefined {
    const byte = this.#bytes[this.#at];
    return byte === undefined ? undefined : String.fromCharCode(byte);
  }

  /** The next sign that is no space. */
  #peek(): string | undefined {
    while (/^[ \t\r\n]$/.test(this.#char() ?? "")) this.#at++;
    return this.#char();
  }

  #wrong(where: string): string {
    const char = this.#char();
    return char === undefined ? end : `invalid character ${quote(char)} ${where}`;
  }

  #value(): string | undefined {
    const char = this.#peek();
    if (char === undefined) return end;
    if (char === "{") return this.#object();
    if (char === "[") return this.#array();
    if (char === '"') return this.#string();
    if (/[-\d]/.test(char)) return this.#number();
    const literal = literals[char];
    return literal === undefined ? this.#wrong("looking for beginning of value") : this.#literal(literal);
  }

  #object(): string | undefined {
    this.#at++;
    if (this.#peek() === "}") return this.#skip();
    while (true) {
      if (this.#peek() !== '"') return this.#wrong("looking for beginning of object key string");
      const key = this.#string();
      if (key !== undefined) return key;
      if (this.#peek() !== ":") return this.#wrong("after object key");
      this.#at++;
      const value = this.#value();
      if (value !== undefined) return value;
      const next = this.#peek();
      if (next === "}") return this.#skip();
      if (next !== ",") return this.#wrong("after object key:value pair");
      this.#at++;
    }
  }

  #array(): string | undefined {
    this.#at++;
    if (this.#peek() === "]") return this.#skip();
    while (true) {
      const value = this.#value();
      if (value !== undefined) return value;
      const next = this.#peek();
      if (next === "]") return this.#skip();
      if (next !== ",") return this.#wrong("after array element");
      this.#at++;
    }
  }

  #string(): string | undefined {
    for (this.#at++;; this.#at++) {
      const char = this.#char();
      if (char === undefined) return end;
      if (char === '"') return this.#skip();
      if (char < " ") return this.#wrong("in string literal");
      if (char !== "\\") continue;
      this.#at++;
      if (this.#char() !== "u") {
        if (!/^["\\/bfnrt]$/.test(this.#char() ?? "")) return this.#wrong("in string escape code");
        continue;
      }
      for (let digit = 0; digit < 4; digit++) {
        this.#at++;
        if (!/^[\da-f]$/i.test(this.#char() ?? "")) return this.#wrong("in \\u hexadecimal character escape");
      }
    }
  }

  #number(): string | undefined {
    if (this.#char() === "-") this.#at++;
    if (this.#char() === "0") this.#at++;
    else if (!this.#digits()) return this.#wrong("in numeric literal");
    if (this.#char() === ".") {
      this.#at++;
      if (!this.#digits()) return this.#wrong("after decimal point in numeric literal");
    }
    if (!/^e$/i.test(this.#char() ?? "")) return undefined;
    this.#at++;
    if (/^[-+]$/.test(this.#char() ?? "")) this.#at++;
    return this.#digits() ? undefined : this.#wrong("in exponent of numeric literal");
  }

  #digits(): boolean {
    const start = this.#at;
    while (/^\d$/.test(this.#char() ?? "")) this.#at++;
    return this.#at > start;
  }

  #literal(literal: string): string | undefined {
    for (const wanted of literal) {
      if (this.#char() !== wanted) return this.#wrong(`in literal ${literal} (expecting '${wanted}')`);
      this.#at++;
    }
    return undefined;
  }

  #skip(): undefined {
    this.#at++;
    return undefined;
  }
}

function quote(char: string): string {
  if (char === "'") return "'\\''";
  if (char === '"') return "'\"'";
  return `'${JSON.stringify(char).slice(1, -1).replace(/\\u00(..)/, "\\x$1")}'`;
}
