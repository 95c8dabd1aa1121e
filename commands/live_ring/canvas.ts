import { type Line, printLine } from "../ring_view/mod.ts";
import type { Terminal } from "./terminal.ts";

/** Control sequences of xterm, which all terminals of today know. */
const sequences = {
  alternateScreen: "\x1b[?1049h",
  usualScreen: "\x1b[?1049l",
  hideCursor: "\x1b[?25l",
  showCursor: "\x1b[?25h",
  home: "\x1b[H",
  restOfLine: "\x1b[K",
  restOfScreen: "\x1b[J",
  // A whole picture at once, where the terminal can do that; others ignore it.
  beginPicture: "\x1b[?2026h",
  endPicture: "\x1b[?2026l",
  resetStyle: "\x1b[0m",
} as const;

/**
 * The whole terminal as a picture, on a screen of its own, so that what was on it before comes back. Dispose of it
 * whatever happens: that brings back cursor and screen.
 */
export class Canvas implements Disposable {
  readonly #terminal: Terminal;
  #shown: string | undefined;
  #open = true;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    terminal.write(sequences.alternateScreen + sequences.hideCursor);
  }

  /** Draws the lines from the top. Nothing is written when they are there already. */
  draw(lines: readonly Line[]): void {
    if (!this.#open) return;
    const { colour } = this.#terminal;
    const text = lines.map((line) => printLine(line, colour) + sequences.restOfLine).join("\r\n");
    if (text === this.#shown) return;
    this.#shown = text;
    const { beginPicture, home, restOfScreen, endPicture } = sequences;
    this.#terminal.write(beginPicture + home + text + restOfScreen + endPicture);
  }

  /** Draws everything anew next time, as after a change of the size. */
  forget(): void {
    this.#shown = undefined;
  }

  /** May be called more than once. */
  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    this.#terminal.write(sequences.resetStyle + sequences.showCursor + sequences.usualScreen);
  }
}
