import assert from "node:assert/strict";
import fc from "fast-check";
import { parseJson } from "../../../../lib/apiserver/request/go_json.ts";

const wrong: readonly (readonly [text: string, message: string])[] = [
  ["", "unexpected end of JSON input"],
  ['{"a":', "unexpected end of JSON input"],
  ['["x', "unexpected end of JSON input"],
  ["no json", "invalid character 'o' in literal null (expecting 'u')"],
  ["x", "invalid character 'x' looking for beginning of value"],
  ["{a: 1}", "invalid character 'a' looking for beginning of object key string"],
  ['{"a" 1}', "invalid character '1' after object key"],
  ['{"a":1 "b":2}', "invalid character '\"' after object key:value pair"],
  ["[1 2]", "invalid character '2' after array element"],
  ['"\n"', "invalid character '\\n' in string literal"],
  ['"\\x"', "invalid character 'x' in string escape code"],
  ['"\\u12g4"', "invalid character 'g' in \\u hexadecimal character escape"],
  ["-x", "invalid character 'x' in numeric literal"],
  ["1.x", "invalid character 'x' after decimal point in numeric literal"],
  ["1e+", "unexpected end of JSON input"],
  ["1e,", "invalid character ',' in exponent of numeric literal"],
  ["{} {}", "invalid character '{' after top-level value"],
  ["01", "invalid character '1' after top-level value"],
  ["'a'", "invalid character '\\'' looking for beginning of value"],
];

for (const [text, message] of wrong) {
  Deno.test(`parseJson() refuses ${JSON.stringify(text)} in the words of Go`, () => {
    assert.throws(() => parseJson(text), { name: "JsonSyntaxError", message });
  });
}

Deno.test("parseJson() reads what JSON.stringify() writes, and says of every other beginning what is wrong", () => {
  fc.assert(fc.property(fc.jsonValue(), fc.nat(), (value, cut) => {
    const text = JSON.stringify(value);
    assert.deepEqual(parseJson(text), JSON.parse(text));
    const beginning = `[${text.slice(0, cut % (text.length + 1))}`;
    assert.throws(() => parseJson(beginning), /^JsonSyntaxError: (unexpected end of JSON input|invalid character )/);
  }));
});
