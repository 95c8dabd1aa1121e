import assert from "node:assert/strict";

const root = new URL("../../", import.meta.url);

/** How far lines are indented depends on where a piece of code stands. */
function withoutIndentation(text: string): string {
  return text.replaceAll(/^[ \t]+/gm, "");
}

/** The pieces of Go code in a Markdown text. */
function codeIn(markdown: string): string[] {
  return [...markdown.matchAll(/^ *```go\n([\s\S]*?)^ *```$/gm)].map(([, code = ""]) => withoutIndentation(code));
}

Deno.test("the code in docs/shards-in-go.md is that of the shard in Go that the tests run", async () => {
  const folder = new URL("tests/interop/go_shard/", root);
  const sources: string[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    if (name.endsWith(".go")) sources.push(withoutIndentation(await Deno.readTextFile(new URL(name, folder))));
  }
  const blocks = codeIn(await Deno.readTextFile(new URL("docs/shards-in-go.md", root)));
  assert.ok(blocks.length > 10, `${blocks.length} pieces of code`);
  for (const block of blocks) assert.ok(sources.some((source) => source.includes(block)), `nowhere:\n${block}`);
});
