import assert from "node:assert/strict";
import { type Step, tell, Teller } from "../../../../commands/demo/story/teller.ts";
import { type Look, UnmetError, untilMet } from "../../../../commands/demo/story/until_met.ts";
import { VirtualClock } from "../../../../lib/util/clock/mod.ts";

const never = (): Promise<void> => new Promise(() => {});
const signal = new AbortController().signal;

Deno.test("untilMet() looks again until it is met, and says how long that took", async () => {
  const clock = new VirtualClock();
  const looks: Look[] = [{ met: false, seen: "no" }, { met: false, seen: "no" }, { met: true, seen: "yes" }];
  const waiting = untilMet("it", 10_000, () => looks.shift() ?? assert.fail(), { clock, changed: never }, signal);
  await clock.advance(5_000);
  assert.deepEqual(await waiting, { seen: "yes", took: 500 });
  assert.equal(clock.pending, 0);
});

Deno.test("untilMet() looks at once when something changes", async () => {
  const clock = new VirtualClock();
  let met = false;
  let tell: () => void = () => {};
  const changed = (): Promise<void> => new Promise((resolve) => tell = resolve);
  const waiting = untilMet("it", 10_000, () => ({ met, seen: "it" }), { clock, changed }, signal);
  await clock.settle();
  met = true;
  tell();
  assert.deepEqual(await waiting, { seen: "it", took: 0 });
});

Deno.test("untilMet() fails in time, with what was expected and what was last seen", async () => {
  const clock = new VirtualClock();
  let seen = 0;
  const parts = { clock, changed: never };
  const waiting = untilMet("three of them", 1_000, () => ({ met: false, seen: `${++seen}` }), parts, signal);
  const failure = assert.rejects(waiting, (error) => {
    assert.ok(error instanceof UnmetError);
    assert.equal(error.expected, "three of them within 1.0 s");
    assert.equal(error.seen, String(seen));
    return true;
  });
  await clock.advance(1_000);
  await failure;
  assert.equal(clock.pending, 0);
});

Deno.test("untilMet() takes an error for a look that found nothing yet", async () => {
  const clock = new VirtualClock();
  const looks: (() => Look)[] = [() => {
    throw new Error("the server is starting");
  }, () => ({ met: true, seen: "yes" })];
  const waiting = untilMet("it", 10_000, () => (looks.shift() ?? assert.fail)(), { clock, changed: never }, signal);
  await clock.advance(1_000);
  assert.equal((await waiting).seen, "yes");
});

Deno.test("untilMet() ends with the signal's reason", async () => {
  const clock = new VirtualClock();
  const stop = new AbortController();
  const waiting = untilMet("it", 10_000, () => ({ met: false, seen: "" }), { clock, changed: never }, stop.signal);
  const failure = assert.rejects(waiting, /enough/);
  await clock.settle();
  stop.abort(new Error("enough"));
  await failure;
  assert.equal(clock.pending, 0);
});

function story(...steps: readonly Step[]): { readonly text: () => string; readonly told: Promise<boolean> } {
  let text = "";
  const print = (more: string): void => void (text += more);
  const teller = new Teller({ clock: new VirtualClock(), print, changed: never });
  const logs = (): Promise<string> => Promise.resolve("last words\n");
  return { text: () => text, told: tell({ steps, teller, logs, print }, signal) };
}

const good: Step = {
  title: "Good",
  guide: "All is well. ".repeat(20).trim(),
  run(teller): Promise<void> {
    teller.did("kubectl get po");
    teller.shows("NAME\na\n\n");
    teller.check("it", { met: true, seen: "it is so" });
    return Promise.resolve();
  },
};

const bad: Step = {
  title: "Bad",
  guide: "It is not.",
  run: (teller) => Promise.resolve(teller.check("it to be so", { met: false, seen: "it is not" })),
};

Deno.test("tell() tells steps with what was done and seen", async () => {
  const { text, told } = story(good);
  assert.equal(await told, true);
  assert.match(text(), /^1\. Good\n {3}All is well\./m);
  assert.match(text(), /\n {3}\$ kubectl get po\n {3}NAME\n {3}a\n {3}ok {2}it is so\n$/);
  for (const line of text().split("\n")) assert.ok(line.length <= 100, line);
});

Deno.test("tell() stops at the first step that fails, with what was expected and the last log lines", async () => {
  const { text, told } = story(bad, good);
  assert.equal(await told, false);
  assert.match(text(), /FAILED {2}expected: it to be so\n {11}seen: {5}it is not\n/);
  assert.match(text(), /last words\n$/);
  assert.doesNotMatch(text(), /2\. Good/);
});

Deno.test("tell() passes on what is no matter of the story", async () => {
  const broken: Step = { ...good, run: () => Promise.reject(new TypeError("a mistake of ours")) };
  await assert.rejects(story(broken).told, TypeError);
});
