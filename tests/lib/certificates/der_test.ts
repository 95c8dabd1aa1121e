import assert from "node:assert/strict";
import {
  bits,
  bytes,
  children,
  explicit,
  flag,
  integer,
  objectId,
  sequence,
  set,
  tagged,
  text,
  time,
} from "../../../lib/certificates/der.ts";

Deno.test("DER values are written with tag, length and content", () => {
  const cases: readonly [Uint8Array, string][] = [
    [sequence(), "3000"],
    [sequence(flag(true), flag(false)), "30060101ff010100"],
    [set(text("a")), "31030c0161"],
    [bits(Uint8Array.of(0x04), 2), "03020204"],
    [bytes(Uint8Array.of(1, 2)), "04020102"],
    [objectId("551d11"), "0603551d11"],
    [tagged(7, Uint8Array.of(127, 0, 0, 1)), "87047f000001"],
    [explicit(3, sequence()), "a3023000"],
  ];
  for (const [encoded, expected] of cases) assert.equal(encoded.toHex(), expected);
});

Deno.test("integer() is positive and as short as it can be", () => {
  const cases = {
    "": "020100",
    "00": "020100",
    "02": "020102",
    "7f": "02017f",
    "80": "02020080",
    "000081": "02020081",
  };
  for (const [magnitude, expected] of Object.entries(cases)) {
    assert.equal(integer(Uint8Array.fromHex(magnitude)).toHex(), expected, magnitude);
  }
});

Deno.test("lengths beyond 127 say how many bytes they have", () => {
  const cases = { 127: "047f", 128: "048180", 255: "0481ff", 256: "04820100", 65_535: "0482ffff" };
  for (const [length, expected] of Object.entries(cases)) {
    const encoded = bytes(new Uint8Array(Number(length)));
    assert.equal(encoded.subarray(0, expected.length / 2).toHex(), expected);
    assert.equal(encoded.length, Number(length) + expected.length / 2);
  }
  assert.throws(() => bytes(new Uint8Array(65_536)), RangeError);
});

Deno.test("time() has two digits for the year until 2049 and four after it", () => {
  const decode = (encoded: Uint8Array): string => new TextDecoder().decode(encoded.subarray(2));
  const [early, late] = [time(Date.parse("2049-12-31T23:59:59.9Z")), time(Date.parse("2050-01-01T00:00:00Z"))];
  assert.deepEqual([early[0], decode(early)], [0x17, "491231235959Z"]);
  assert.deepEqual([late[0], decode(late)], [0x18, "20500101000000Z"]);
});

Deno.test("children() gives the values inside a value, also behind long lengths, and refuses cut ones", () => {
  const long = bytes(new Uint8Array(300));
  const values = children(sequence(flag(true), long, sequence()));
  assert.deepEqual(values.map(({ tag, whole }) => [tag, whole.length]), [[0x01, 3], [0x04, 304], [0x30, 2]]);
  assert.deepEqual(values[1]?.whole, long);
  assert.throws(() => children(sequence(long).subarray(0, 100)), RangeError);
});
