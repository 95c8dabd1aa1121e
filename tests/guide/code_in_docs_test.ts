import assert from "node:assert/strict";

const root = new URL("../../", import.meta.url);

function read(path: string): Promise<string> {
  return Deno.readTextFile(new URL(path, root));
}

/** The code blocks of a Markdown text, one after the other. */
function codeIn(markdown: string): string {
  return [...markdown.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code).join("\n");
}

/** The text of a module's doc comment. */
function docOf(source: string): string {
  const [, comment = ""] = source.match(/^\/\*\*\n(.*?)^ \*\/$/ms) ?? [];
  return comment.replaceAll(/^ \* ?/gm, "");
}

Deno.test("the code in docs/testing.md is a test in this folder, so that what people read was run", async () => {
  assert.equal(codeIn(await read("docs/testing.md")), await read("tests/guide/testing_guide_test.ts"));
});

Deno.test("the example in the documentation of testing.ts is a test in this folder", async () => {
  assert.equal(codeIn(docOf(await read("testing.ts"))), await read("tests/guide/testing_example_test.ts"));
});

Deno.test("the example in the documentation of mod.ts is a file in this folder, whose types are checked", async () => {
  assert.equal(codeIn(docOf(await read("mod.ts"))), await read("tests/guide/secret_keys_example.ts"));
});
