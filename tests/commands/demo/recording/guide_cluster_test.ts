import assert from "node:assert/strict";
import { binariesAvailable, locateBinaries } from "../../../controlplane/assets.ts";
import { parseGuide } from "./guide.ts";
import { playGuide } from "./play_guide.ts";

const guide = new URL("../../../../docs/getting-started.md", import.meta.url);

/** What differs from one play to the next. */
const differences: readonly (readonly [RegExp, string])[] = [
  [new RegExp("\u001b\\[[0-9;]*m", "g"), ""],
  [/(checksum-controller|sharder)(-[a-z0-9]{5,10}){1,2}\b/g, "$1-POD"],
  [/\b\d+(\.\d+)? ?m?s\b/g, "TIME"],
  [/"\d{4}-\d\d-\d\dT[\d:]+Z"/g, "TIME"],
  [/[0-9a-f]{8}-[0-9a-f-]{27}/g, "UID"],
  [/resourceVersion: "\d+"/g, "VERSION"],
  [/127\.0\.0\.1:\d+/g, "ADDRESS"],
  [/\/\S*sharding-demo-\w+/g, "FOLDER"],
];

/** The first line, and all others where they do not depend on which object is given to which shard. */
function shape(output: string): readonly string[] {
  const text = differences.reduce((text, [pattern, instead]) => text.replaceAll(pattern, instead), output);
  const lines = text.trimEnd().split("\n").map((line) => line.replaceAll(/ {2,}/g, "  ").trimEnd());
  // A shard that happens to have no object has a row without a bar.
  const varies = /MODIFIED|[\u2588\u2593\u2591]|\u25cf ready {2}0$|^Waiting for/;
  return lines.filter((line) => !varies.test(line));
}

Deno.test("the guide's commands print what the guide says", { ignore: !binariesAvailable() }, async () => {
  const blocks = parseGuide(await Deno.readTextFile(guide));
  const { kubectl } = locateBinaries({ controllerManager: false });
  const { outputs } = await playGuide({ blocks, port: 0, kubectl });
  for (const [index, { commands, outputs: written, shown, direction }] of blocks.entries()) {
    if (!shown) continue;
    for (const [i, command] of commands.entries()) {
      const [now, then] = [shape(outputs[index]?.[i] ?? ""), shape(written[i] ?? "")];
      // Which shards are dead or killed, and so the order of rows, is by chance.
      if (direction.type === "until") assert.equal(now[0], then[0], command);
      else assert.deepEqual(now, then, command);
    }
  }
});
