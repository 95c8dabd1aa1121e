/** Longest piece of a line in one entry, in characters: container runtimes cut at 16 KiB too. */
const longestPiece = 16_384;

/** A line without its end, or a part of one. */
export interface Piece {
  readonly text: string;
  readonly partial: boolean;
}

/**
 * Splits what a process writes into lines, batch by batch: all that one read brought. A last line without an end is
 * given when the process ends.
 */
export async function* splitOutput(
  output: AsyncIterable<Uint8Array>,
): AsyncGenerator<readonly Piece[], void, undefined> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of output) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    const pieces = lines.flatMap((line) => cut(line.endsWith("\r") ? line.slice(0, -1) : line));
    // Without this, an endless line would stay in memory as a whole.
    for (; rest.length > longestPiece; rest = rest.slice(longestPiece)) {
      pieces.push({ text: rest.slice(0, longestPiece), partial: true });
    }
    if (pieces.length > 0) yield pieces;
  }
  rest += decoder.decode();
  if (rest !== "") yield cut(rest);
}

function cut(line: string): Piece[] {
  const pieces: Piece[] = [];
  let start = 0;
  for (; line.length - start > longestPiece; start += longestPiece) {
    pieces.push({ text: line.slice(start, start + longestPiece), partial: true });
  }
  pieces.push({ text: line.slice(start), partial: false });
  return pieces;
}
