import assert from "node:assert/strict";
import { troubleTypes } from "../../lib/rings/troubles.ts";
import { shippedSources } from "../support/sources.ts";

const page = await Deno.readTextFile(new URL("../../docs/troubleshooting.md", import.meta.url));

Deno.test("the guide tells what each type of condition means", () => {
  assert.deepEqual(troubleTypes.filter((type) => !page.includes(`\`${type}\``)), []);
});

Deno.test("the guide names the reason of each event that is written of rings", async () => {
  const missing: string[] = [];
  for (const { path, text } of await shippedSources()) {
    if (!/^controllers\/(controller_ring|shard_lease|sharder)\//.test(path)) continue;
    const calls = text.matchAll(
      /\b(?:note|noteOf|trouble)\(\s*(?:"(?:Normal|Warning)",\s*)?"(?!Normal|Warning)([A-Z]\w+)"/g,
    );
    for (const [, reason = ""] of [...calls, ...text.matchAll(/\breason: "([A-Z]\w+)"/g)]) {
      if (!page.includes(`\`${reason}\``)) missing.push(`${path}: ${reason}`);
    }
  }
  assert.deepEqual(missing, []);
});
