import assert from "node:assert/strict";
import { formatBindAddress, parseBindAddress } from "../../../lib/util/bind_address.ts";

const addresses: readonly (readonly [string, string, number])[] = [
  [":8081", "", 8_081],
  ["127.0.0.1:0", "127.0.0.1", 0],
  ["[::1]:9443", "::1", 9_443],
  ["localhost:65535", "localhost", 65_535],
];

for (const [text, hostname, port] of addresses) {
  Deno.test(`parseBindAddress() reads "${text}", and formatBindAddress() writes it`, () => {
    assert.deepEqual(parseBindAddress(text), { hostname, port });
    assert.equal(formatBindAddress({ hostname, port }), text);
  });
}

Deno.test('parseBindAddress() takes "0" and "" for none', () => {
  assert.equal(parseBindAddress("0"), undefined);
  assert.equal(parseBindAddress(""), undefined);
});

Deno.test("parseBindAddress() refuses what is no address, and quotes it", () => {
  for (const text of ["8081", ":", "a:b", ":65536", "::1:80", "http://x:80", "a b:80", ":-1", "[::1]"]) {
    assert.throws(
      () => parseBindAddress(text),
      (error) => error instanceof SyntaxError && error.message.includes(text),
    );
  }
});
