import assert from "node:assert/strict";
import fc from "fast-check";
import { glyphsFor, printLine, ringScreen, span, widthOf } from "../../../commands/ring_view/mod.ts";
import { states } from "./states.ts";

const unicode = glyphsFor(() => "C.UTF-8");
const ascii = glyphsFor(() => "C");
const folder = new URL("testdata/", import.meta.url);

interface Case {
  readonly state: string;
  readonly width: number;
  readonly height: number;
  readonly colour?: boolean;
  readonly ascii?: boolean;
}

/** `UPDATE_GOLDEN=1 deno test -A` writes the files anew: look at the difference before you commit it. */
const cases: readonly Case[] = [
  { state: "settled", width: 110, height: 40 },
  { state: "settled", width: 80, height: 24, ascii: true },
  { state: "moving", width: 110, height: 40 },
  { state: "moving", width: 110, height: 40, colour: true },
  { state: "moving", width: 80, height: 24 },
  { state: "moving", width: 40, height: 12 },
  { state: "crashed", width: 100, height: 30 },
  { state: "crashed", width: 100, height: 30, colour: true },
  { state: "empty", width: 80, height: 24 },
  { state: "in trouble", width: 100, height: 30 },
  { state: "crowded", width: 100, height: 30 },
];

for (const { state, width, height, colour = false, ascii: plain = false } of cases) {
  const look = `${width}x${height}${colour ? " colour" : ""}${plain ? " ascii" : ""}`;
  Deno.test(`ringScreen() of a ring that is ${state} looks as it should at ${look}`, async () => {
    const subject = states[state] ?? assert.fail(`there is a state ${state}`);
    const options = { width, height, glyphs: plain ? ascii : unicode, utcOffset: 60 };
    const text = `${ringScreen(subject, options).map((line) => printLine(line, colour)).join("\n")}\n`;
    const file = new URL(`${state} ${look}.txt`.replaceAll(" ", "_"), folder);
    if (Deno.env.get("UPDATE_GOLDEN") === "1") await Deno.writeTextFile(file, text);
    assert.equal(text, await Deno.readTextFile(file));
  });
}

Deno.test("ringScreen() never draws beyond the terminal, whatever its size", () => {
  const sizes = fc.record({
    state: fc.constantFrom(...Object.values(states)),
    width: fc.integer({ min: 1, max: 200 }),
    height: fc.integer({ min: 1, max: 80 }),
    glyphs: fc.constantFrom(unicode, ascii),
  });
  fc.assert(fc.property(sizes, ({ state, ...options }) => {
    const lines = ringScreen(state, { ...options, utcOffset: 0 });
    assert.ok(lines.length <= options.height, `${lines.length} lines`);
    for (const line of lines) assert.ok(widthOf(line) <= options.width, `a line of ${widthOf(line)} columns`);
  }));
});

Deno.test("ringScreen() shows every shard where there is room for them", () => {
  const lines = ringScreen(states["crowded"] ?? assert.fail(), { width: 100, height: 60, glyphs: ascii, utcOffset: 0 });
  const text = lines.map((line) => printLine(line, false)).join("\n");
  for (let i = 0; i < 40; i++) assert.match(text, new RegExp(`^shard-${String(i).padStart(2, "0")} `, "m"));
});

Deno.test("printLine() without colour has no control sequence at all", () => {
  for (const state of Object.values(states)) {
    for (const line of ringScreen(state, { width: 100, height: 40, glyphs: unicode, utcOffset: 0 })) {
      assert.equal(printLine(line, false).includes("\x1b"), false);
    }
  }
});

Deno.test("span() lets nothing through that could move the cursor", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    assert.doesNotMatch(span(text).text, /\p{Cc}|\p{Cf}|\p{Zl}|\p{Zp}/u);
  }));
  assert.equal(span("a\x1b[2Jb\nc").text, "a?[2Jb c");
});

Deno.test("ringScreen() tells whole what is wrong where there is room, and breaks it at spaces", () => {
  const state = states["in trouble"] ?? assert.fail();
  const message =
    "The API server does not serve websites.example.com. Install the CustomResourceDefinition, or correct it";
  const conditions = [{
    type: "ResourcesMissing",
    status: "True",
    reason: "NotServed",
    message,
    lastTransitionTime: "",
  }];
  const troubled = { ...state, report: { ...state.report, conditions } };
  const options = { width: 40, height: Infinity, glyphs: ascii, utcOffset: 0 };
  const text = ringScreen(troubled, options).map((line) => printLine(line, false)).join("\n");
  assert.ok(text.replaceAll("\n", " ").includes(`ResourcesMissing: ${message}`), text);
});
