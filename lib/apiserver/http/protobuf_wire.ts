/** Bytes are no protobuf, or not of the message that they should be. */
export class ProtobufError extends Error {
  override readonly name = "ProtobufError";
}

/** What a field holds: a number, or bytes (text, a message). */
export type WireValue = bigint | Uint8Array;

/**
 * The fields of a message by number, each with all its values in order
 * (https://protobuf.dev/programming-guides/encoding).
 * @throws ProtobufError
 */
export function readFields(bytes: Uint8Array): ReadonlyMap<number, readonly WireValue[]> {
  const fields = new Map<number, WireValue[]>();
  const reader = new Reader(bytes);
  while (!reader.done) {
    const tag = Number(reader.varint());
    const number = tag >>> 3;
    const values = fields.get(number) ?? [];
    values.push(reader.value(tag & 7));
    fields.set(number, values);
  }
  return fields;
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  value(wireType: number): WireValue {
    switch (wireType) {
      case 0:
        return this.varint();
      case 1:
        return littleEndian(this.take(8));
      case 2:
        return this.take(Number(this.varint()));
      case 5:
        return littleEndian(this.take(4));
      default:
        throw new ProtobufError(`wire type ${wireType} is not used any more`);
    }
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new ProtobufError("it ends in the middle of a number");
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new ProtobufError("a number has more than ten bytes");
  }

  take(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new ProtobufError("it ends in the middle of a field");
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }
}

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}
