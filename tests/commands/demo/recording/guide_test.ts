import assert from "node:assert/strict";
import { parseGuide, withOutputs } from "./guide.ts";
import { bestPicture, pictureToSvg } from "./svg.ts";

const guide = new URL("../../../../docs/getting-started.md", import.meta.url);
const picture = new URL("../../../../docs/images/demo.svg", import.meta.url);

const sample = [
  "# Guide",
  '<!-- play: until "ready" -->',
  "",
  "```console",
  "$ kubectl get a",
  "old",
  "$ kubectl get b",
  "```",
  "```yaml",
  "not: played",
  "```",
  "<!-- play: start w -->",
  "```bash",
  "kubectl get c -w",
  "```",
  "",
].join("\n");

Deno.test("parseGuide() finds commands, what they printed, and how to play them", () => {
  const [first, second, ...rest] = parseGuide(sample);
  assert.deepEqual(first?.commands, ["kubectl get a", "kubectl get b"]);
  assert.deepEqual(first?.outputs, ["old\n", ""]);
  assert.deepEqual(first?.direction, { type: "until", pattern: /ready/ });
  assert.deepEqual([second?.commands, second?.shown], [["kubectl get c -w"], false]);
  assert.deepEqual(second?.direction, { type: "start", name: "w" });
  assert.deepEqual(rest, []);
  assert.throws(() => parseGuide("<!-- play: backwards -->"), /not understood/);
});

Deno.test("withOutputs() changes what was printed and nothing else", () => {
  const written = withOutputs(sample, [["\u001b[32mnew\u001b[0m  \nlines\n", ""], [""]]);
  assert.equal(written, sample.replace("old", "new\nlines"));
});

Deno.test("the getting-started guide shows what each of its commands printed", async () => {
  const blocks = parseGuide(await Deno.readTextFile(guide));
  assert.ok(blocks.length > 15);
  for (const { commands, outputs, shown } of blocks.filter(({ shown }) => shown)) {
    for (const [i, command] of commands.entries()) assert.ok(shown && outputs[i] !== "", `${command} shows nothing`);
  }
});

Deno.test("the getting-started guide goes through every step of the demo's story", async () => {
  const commands = parseGuide(await Deno.readTextFile(guide)).flatMap(({ commands }) => commands).join("\n");
  for (
    const step of [
      "npx --yes deno@",
      "kubectl get lease",
      "kubectl create secret generic foo ",
      "--replicas 2",
      "--replicas 3",
      "--force --grace-period=0",
      "kubectl rollout restart",
    ]
  ) assert.ok(commands.includes(step), step);
});

Deno.test("bestPicture() prefers objects on the move among few shards", () => {
  const pictures = [
    "3 of 3 shards 0 draining",
    "5 of 8 shards 9 draining",
    "3 of 4 shards 2 draining",
    "1 of 1 shards",
  ];
  assert.equal(bestPicture(pictures), pictures[2]);
  assert.throws(() => bestPicture(["0 draining"]), /no picture with objects on the move/);
});

Deno.test("pictureToSvg() places text by column and draws bars as rectangles", () => {
  const svg = pictureToSvg("ab \u001b[32m<c>\u001b[0m\r\n\u001b[36m\u2588\u2588\u001b[0m");
  assert.match(svg, /<text x="16\.0" y="29" textLength="16\.8" fill="#e6edf3">ab<\/text>/);
  assert.match(svg, /<text x="41\.2" y="29" textLength="25\.2" fill="#56d364">&lt;c&gt;<\/text>/);
  assert.match(svg, /<rect x="16\.0" y="37" width="16\.8" height="13" fill="#39c5cf" fill-opacity="1"\/>/);
});

Deno.test("the README's picture is one that the recording made", async () => {
  const svg = await Deno.readTextFile(picture);
  assert.match(svg, /checksum-controller/);
  assert.match(svg, /Ctrl-C ends the demo and removes everything/);
});
