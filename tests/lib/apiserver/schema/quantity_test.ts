import assert from "node:assert/strict";
import fc from "fast-check";
import { formatQuantity } from "../../../../lib/apiserver/schema/quantity.ts";

// As kube-apiserver 1.36 writes them.
const cases: readonly (readonly [string, string | undefined])[] = [
  ["1", "1"],
  ["0.5", "500m"],
  ["1.5Gi", "1536Mi"],
  ["0.5Gi", "512Mi"],
  ["1000", "1k"],
  ["1024", "1024"],
  ["1024Ki", "1Mi"],
  ["0.1m", "1m"],
  ["1500u", "2m"],
  ["1.0001", "1001m"],
  ["12.5Ki", "12800"],
  ["0.1Ki", "102400m"],
  ["5e-1", "500e-3"],
  ["10Ei", "9223372036854775807"],
  ["1e3", "1e3"],
  ["12e2", "1200"],
  ["-1500m", "-1500m"],
  ["0", "0"],
  ["", undefined],
  ["1x", undefined],
  ["Ki", undefined],
  ["1.2.3", undefined],
];

for (const [text, wanted] of cases) {
  Deno.test(`formatQuantity() makes ${wanted} of ${JSON.stringify(text)}`, () => {
    assert.equal(formatQuantity(text), wanted);
  });
}

Deno.test("formatQuantity() leaves a canonical quantity as it is", () => {
  const units = fc.constantFrom("", "m", "k", "M", "Ki", "Mi", "Gi");
  fc.assert(fc.property(fc.nat(1_000_000), units, (number, unit) => {
    const once = formatQuantity(`${number}${unit}`);
    assert.equal(formatQuantity(once ?? ""), once);
  }));
});
