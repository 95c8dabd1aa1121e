/** The values of DER (ITU-T X.690) that a certificate is made of, each with its tag and length. */

const encoder = new TextEncoder();

function value(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const length = contents.reduce((sum, content) => sum + content.length, 0);
  // One byte up to 127; else how many bytes there are, then these.
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  if (length > 0xffff) throw new RangeError(`a DER value of ${length} bytes is longer than any that is needed here`);
  const encoded = new Uint8Array(1 + size.length + length);
  encoded.set([tag, ...size]);
  let at = 1 + size.length;
  for (const content of contents) {
    encoded.set(content, at);
    at += content.length;
  }
  return encoded;
}

/** SEQUENCE. */
export function sequence(...contents: readonly Uint8Array[]): Uint8Array {
  return value(0x30, ...contents);
}

/** SET with one element. */
export function set(content: Uint8Array): Uint8Array {
  return value(0x31, content);
}

/** A non-negative INTEGER from its big-endian bytes. */
export function integer(magnitude: Uint8Array): Uint8Array {
  const first = magnitude.findIndex((byte) => byte !== 0);
  const shortest = first < 0 ? Uint8Array.of(0) : magnitude.subarray(first);
  // A leading bit of 1 would make it negative.
  return (shortest[0] ?? 0) < 0x80 ? value(0x02, shortest) : value(0x02, Uint8Array.of(0), shortest);
}

/** BOOLEAN. */
export function flag(isSet: boolean): Uint8Array {
  return value(0x01, Uint8Array.of(isSet ? 0xff : 0));
}

/** BIT STRING. @param unused bits at the end that do not count */
export function bits(content: Uint8Array, unused = 0): Uint8Array {
  return value(0x03, Uint8Array.of(unused), content);
}

/** OCTET STRING. */
export function bytes(content: Uint8Array): Uint8Array {
  return value(0x04, content);
}

/** OBJECT IDENTIFIER. @param encoded its content in hexadecimal */
export function objectId(encoded: string): Uint8Array {
  return value(0x06, Uint8Array.fromHex(encoded));
}

/** UTF8String. */
export function text(content: string): Uint8Array {
  return value(0x0c, encoder.encode(content));
}

/** A time in whole seconds: UTCTime until 2049, GeneralizedTime after it (RFC 5280, section 4.1.2.5). */
export function time(ms: number): Uint8Array {
  const digits = new Date(ms).toISOString().replace(/\.\d+Z$/, "Z").replaceAll(/[-T:]/g, "");
  return new Date(ms).getUTCFullYear() < 2050
    ? value(0x17, encoder.encode(digits.slice(2)))
    : value(0x18, encoder.encode(digits));
}

/** A primitive value with a tag of its context (IMPLICIT). */
export function tagged(number: number, content: Uint8Array): Uint8Array {
  return value(0x80 | number, content);
}

/** A value inside a tag of its context (EXPLICIT). */
export function explicit(number: number, content: Uint8Array): Uint8Array {
  return value(0xa0 | number, content);
}

/** An encoded value. */
export interface DerValue {
  readonly tag: number;
  /** With its tag and length. */
  readonly whole: Uint8Array;
}

/**
 * The values inside a value.
 * @throws RangeError when a length points past the end.
 */
export function children(encoded: Uint8Array): DerValue[] {
  const found: DerValue[] = [];
  for (let at = contentOf(encoded, 0).start; at < contentOf(encoded, 0).end;) {
    const { end } = contentOf(encoded, at);
    found.push({ tag: encoded[at] ?? 0, whole: encoded.subarray(at, end) });
    at = end;
  }
  return found;
}

/** Where the content of the value at `at` begins and ends. */
function contentOf(encoded: Uint8Array, at: number): { readonly start: number; readonly end: number } {
  const first = encoded[at + 1] ?? 0;
  const sizeBytes = first < 0x80 ? 0 : first & 0x7f;
  const start = at + 2 + sizeBytes;
  const length = encoded.subarray(at + 2, start).reduce((sum, byte) => sum * 0x100 + byte, sizeBytes === 0 ? first : 0);
  if (start + length > encoded.length) throw new RangeError("a DER value is longer than what it lies in");
  return { start, end: start + length };
}
