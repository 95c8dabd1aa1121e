import { glyphsFor } from "../../../commands/ring_view/mod.ts";
import type { Terminal } from "../../../commands/live_ring/terminal.ts";

/** A control sequence: escape, bracket, parameters, a letter. */
const sequence = new RegExp("\u001b\\[[0-9;?]*[A-Za-z]", "g");

/** A terminal that remembers what was written. */
export class FakeTerminal implements Terminal {
  readonly writes: string[] = [];
  readonly colour = false;
  readonly glyphs = glyphsFor(() => "C.UTF-8");
  readonly listeners = new Set<() => void>();
  dimensions = { width: 100, height: 30 };

  size(): { readonly width: number; readonly height: number } {
    return this.dimensions;
  }

  write(text: string): void {
    this.writes.push(text);
  }

  onResize(listener: () => void): Disposable {
    this.listeners.add(listener);
    return { [Symbol.dispose]: () => void this.listeners.delete(listener) };
  }

  resize(width: number, height: number): void {
    this.dimensions = { width, height };
    for (const listener of this.listeners) listener();
  }

  /** How often the whole picture was drawn. */
  get pictures(): number {
    return this.writes.filter((text) => text.includes("\x1b[H")).length;
  }

  /** The last picture, without control sequences. */
  get picture(): string {
    const last = this.writes.findLast((text) => text.includes("\x1b[H")) ?? "";
    return last.replaceAll(sequence, "").replaceAll("\r\n", "\n");
  }

  /** Is the cursor visible and the usual screen back? */
  get restored(): boolean {
    const all = this.writes.join("");
    return all.lastIndexOf("\x1b[?25h") > all.lastIndexOf("\x1b[?25l") &&
      all.lastIndexOf("\x1b[?1049l") > all.lastIndexOf("\x1b[?1049h");
  }
}
