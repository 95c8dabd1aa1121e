import assert from "node:assert/strict";
import { Canvas } from "../../../commands/live_ring/canvas.ts";
import { liveView, type Watched } from "../../../commands/live_ring/live_view.ts";
import { span } from "../../../commands/ring_view/mod.ts";
import { VirtualClock } from "../../../lib/util/clock/mod.ts";
import { states } from "../ring_view/states.ts";
import { FakeTerminal } from "./fake_terminal.ts";

/** A ring that the test changes. */
class FakeWatch implements Watched {
  state = states["settled"] ?? assert.fail("there is such a state");
  #changed = Promise.withResolvers<void>();

  get report(): Watched["report"] {
    return this.state.report;
  }
  get silences(): Watched["silences"] {
    return this.state.silences;
  }
  get events(): Watched["events"] {
    return this.state.events;
  }
  get moveMark(): number {
    return this.state.moves.length;
  }
  get changed(): Promise<void> {
    return this.#changed.promise;
  }
  movesSince(mark: number): ReturnType<Watched["movesSince"]> {
    return this.state.moves.slice(Math.max(0, mark));
  }

  show(state: string): void {
    this.state = states[state] ?? assert.fail(`there is a state ${state}`);
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers();
    resolve();
  }
}

interface Scene {
  readonly clock: VirtualClock;
  readonly terminal: FakeTerminal;
  readonly watch: FakeWatch;
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

function start(): Scene {
  const [clock, terminal, watch, stop] = [
    new VirtualClock(),
    new FakeTerminal(),
    new FakeWatch(),
    new AbortController(),
  ];
  const options = { watch, terminal, clock, hints: (): string[] => ["kubectl get po"], footer: "Ctrl-C ends it" };
  return { clock, terminal, watch, stop, ended: liveView(options, stop.signal) };
}

async function finish({ clock, stop, ended, terminal }: Scene): Promise<void> {
  stop.abort();
  await clock.settle();
  await ended;
  assert.equal(terminal.restored, true);
  assert.equal(terminal.listeners.size, 0);
  assert.equal(clock.pending, 0);
}

Deno.test("liveView() shows the ring, its hints and how to end it, and leaves the terminal as it was", async () => {
  const scene = start();
  await scene.clock.settle();
  assert.match(scene.terminal.picture, /^ring checksum-controller .* 3 of 3 shards available$/m);
  assert.match(scene.terminal.picture, /^kubectl get po$/m);
  assert.match(scene.terminal.picture, /^Ctrl-C ends it$/m);
  assert.equal(scene.terminal.restored, false);
  await finish(scene);
});

Deno.test("liveView() draws nothing while nothing changes", async () => {
  const scene = start();
  await scene.clock.advance(60_000);
  assert.equal(scene.terminal.pictures, 1);
  await finish(scene);
});

Deno.test("liveView() draws a change soon, and many at once only once", async () => {
  const scene = start();
  await scene.clock.advance(200);
  for (const state of ["moving", "settled", "moving"]) scene.watch.show(state);
  await scene.clock.advance(200);
  assert.equal(scene.terminal.pictures, 2);
  assert.match(scene.terminal.picture, /^MOVES$/m);
  await finish(scene);
});

Deno.test("liveView() draws anew at once when the terminal's size changes", async () => {
  const scene = start();
  await scene.clock.advance(500);
  scene.terminal.resize(40, 10);
  assert.equal(scene.terminal.pictures, 2);
  for (const line of scene.terminal.picture.split("\n")) assert.ok([...line].length <= 40, line);
  await finish(scene);
});

Deno.test("liveView() leaves a terminal alone when it is over before it began", async () => {
  const terminal = new FakeTerminal();
  const clock = new VirtualClock();
  const options = { watch: new FakeWatch(), terminal, clock, hints: (): string[] => [], footer: "" };
  await liveView(options, AbortSignal.abort());
  assert.deepEqual(terminal.writes, []);
});

Deno.test("Canvas gives the terminal back when drawing fails, and only once", () => {
  const terminal = new FakeTerminal();
  assert.throws(() => {
    using canvas = new Canvas(terminal);
    canvas.draw([[span("x")]]);
    throw new Error("a mistake");
  }, /a mistake/);
  assert.equal(terminal.restored, true);
  const written = terminal.writes.length;
  const canvas = new Canvas(terminal);
  canvas[Symbol.dispose]();
  canvas[Symbol.dispose]();
  canvas.draw([[span("x")]]);
  assert.equal(terminal.writes.length, written + 2);
});
