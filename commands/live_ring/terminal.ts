import { type Glyphs, glyphsFor, wantsColour } from "../ring_view/mod.ts";

/** A terminal that a live view can be drawn on. */
export interface Terminal {
  /** Columns and rows as of now. */
  size(): { readonly width: number; readonly height: number };
  readonly colour: boolean;
  readonly glyphs: Glyphs;
  /** Writes text, control sequences among it, before it returns. */
  write(text: string): void;
  /** Calls the listener whenever the size has changed. */
  onResize(listener: () => void): Disposable;
}

/** What is asked of the machine for {@link findTerminal}. */
export interface TerminalParts {
  readonly env: (name: string) => string | undefined;
  readonly stdout: (text: string) => void;
}

/** Terminals that do not say how big they are. */
const usualSize = { width: 80, height: 24 } as const;

/** The terminal at standard output; undefined when that is none, or one that cannot place its cursor. */
export function findTerminal({ env, stdout }: TerminalParts): Terminal | undefined {
  if (!Deno.stdout.isTerminal() || env("TERM") === "dumb") return undefined;
  return {
    size: () => {
      try {
        const { columns, rows } = Deno.consoleSize();
        return columns > 0 && rows > 0 ? { width: columns, height: rows } : usualSize;
      } catch {
        return usualSize; // Some terminals, and serial lines, do not tell.
      }
    },
    colour: wantsColour(env, true),
    glyphs: glyphsFor(env),
    write: stdout,
    onResize(listener): Disposable {
      if (Deno.build.os === "windows") return { [Symbol.dispose]: () => {} };
      Deno.addSignalListener("SIGWINCH", listener);
      return { [Symbol.dispose]: () => Deno.removeSignalListener("SIGWINCH", listener) };
    },
  };
}
