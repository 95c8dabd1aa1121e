import { ringScreen, type ScreenState } from "../ring_view/mod.ts";
import type { ObjectMove } from "../../lib/rings/report/mod.ts";
import { type Clock, sleep } from "../../lib/util/clock/mod.ts";
import type { RingWatch } from "./ring_watch.ts";
import { Canvas } from "./canvas.ts";
import type { Terminal } from "./terminal.ts";

/** What a live view shows of its ring; `RingWatch` is one. */
export type Watched = Pick<RingWatch, "report" | "silences" | "events" | "movesSince" | "moveMark" | "changed">;

/** What a live view works with. */
export interface LiveViewOptions {
  readonly watch: Watched;
  readonly terminal: Terminal;
  readonly clock: Clock;
  /** Commands to try, as of now. */
  readonly hints: () => readonly string[];
  readonly footer: string;
}

/** Pictures come no faster than so, in milliseconds: a hundred moves at once are no reason to flicker. */
const calm = 100;

/** Silences grow without anybody telling: a new picture at least so often, in milliseconds. */
const refresh = 1_000;

/** More lines of moves than any terminal has. */
const latestMoves = 200;

/** Shows a ring until the signal aborts, and then leaves the terminal as it was. */
export async function liveView(options: LiveViewOptions, signal: AbortSignal): Promise<void> {
  const { watch, terminal, clock } = options;
  if (signal.aborted) return;
  using canvas = new Canvas(terminal);
  // Should the process end without unwinding, as at a second Ctrl-C.
  const leave = (): void => canvas[Symbol.dispose]();
  globalThis.addEventListener("unload", leave);
  const draw = (): void => {
    const state = screenState(options);
    if (state !== undefined) canvas.draw(ringScreen(state, { ...terminal.size(), ...appearance(terminal, clock) }));
  };
  using _resized = terminal.onResize(() => {
    canvas.forget();
    draw();
  });
  try {
    while (!signal.aborted) {
      const { changed } = watch;
      draw();
      const waiting = new AbortController();
      const either = AbortSignal.any([signal, waiting.signal]);
      await Promise.race([changed, sleep(clock, refresh, either)]).catch(() => undefined);
      waiting.abort();
      await sleep(clock, calm, signal).catch(() => undefined);
    }
  } finally {
    globalThis.removeEventListener("unload", leave);
  }
}

function screenState({ watch, hints, footer }: LiveViewOptions): ScreenState | undefined {
  const { report, silences, events } = watch;
  if (report === undefined) return undefined;
  const moves: readonly ObjectMove[] = watch.movesSince(watch.moveMark - latestMoves);
  return { report, silences, events, moves, hints: hints(), footer };
}

function appearance({ glyphs }: Terminal, clock: Clock): { glyphs: Terminal["glyphs"]; utcOffset: number } {
  return { glyphs, utcOffset: -new Date(clock.now()).getTimezoneOffset() };
}
