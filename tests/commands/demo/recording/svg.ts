/** A terminal's picture as SVG. Pure. */

/** Colours of the 16 that the view uses, on a dark ground. */
const colours: Readonly<Record<string, string>> = {
  "31": "#ff7b72",
  "32": "#56d364",
  "33": "#e3b341",
  "34": "#6e9bf5",
  "36": "#39c5cf",
};
const [ground, plain, faint] = ["#0d1117", "#e6edf3", "#8b949e"];

const [columnWidth, rowHeight, margin] = [8.4, 18, 16];

/** Blocks are drawn as rectangles: in many fonts they leave gaps. */
const blocks: Readonly<Record<string, number>> = { "\u2588": 1, "\u2593": 0.75, "\u2591": 0.8 };

interface Piece {
  readonly text: string;
  readonly fill: string;
  readonly bold: boolean;
}

/**
 * The picture that tells the most at a glance: objects on the move, few shards, and some objects that
 * have moved. The later of equal ones.
 * @throws Error when nothing moved in any of them.
 */
export function bestPicture(pictures: readonly string[]): string {
  const moving = pictures.filter((picture) => /[1-9]\d* draining/.test(picture.replaceAll(sequence, "")));
  const shards = (picture: string): number => Number(/ of (\d+) shards/.exec(picture)?.[1] ?? Infinity);
  const score = (picture: string): number => -2 * shards(picture) + Number(picture.includes("after its drain label"));
  const [first, ...others] = moving;
  if (first === undefined) throw new Error("the recording has no picture with objects on the move: record it again");
  return others.reduce((best, picture) => score(picture) >= score(best) ? picture : best, first);
}

/** A control sequence: escape, bracket, parameters, a letter. */
const sequence = new RegExp("\u001b\\[([0-9;?]*)([A-Za-z])", "g");

/** Draws a picture. @param picture lines with the control sequences of colours */
export function pictureToSvg(picture: string): string {
  const lines = picture.split("\r\n").map(piecesOf);
  const widest = Math.max(...lines.map((line) => line.reduce((sum, { text }) => sum + [...text].length, 0)));
  const width = Math.ceil(widest * columnWidth + 2 * margin);
  const height = lines.length * rowHeight + 2 * margin;
  const rows = lines.flatMap((line, row) => drawLine(line, margin + row * rowHeight));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
    `role="img" aria-label="The demo's live view of a ring with its shards, their objects and the latest moves">`,
    `<rect width="100%" height="100%" rx="8" fill="${ground}"/>`,
    `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14">`,
    ...rows,
    "</g>",
    "</svg>",
    "",
  ].join("\n");
}

function piecesOf(line: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let [start, fill, bold] = [0, plain, false];
  const add = (end: number): void => {
    if (end > start) pieces.push({ text: line.slice(start, end), fill: fill ?? "", bold });
  };
  for (const match of line.matchAll(sequence)) {
    add(match.index);
    start = match.index + match[0].length;
    if (match[2] !== "m") continue;
    const code = match[1] ?? "";
    bold = code === "1";
    fill = code === "2" ? faint : colours[code] ?? plain;
  }
  add(line.length);
  return pieces;
}

function drawLine(pieces: readonly Piece[], top: number): readonly string[] {
  const drawn: string[] = [];
  let column = 0;
  for (const { text, fill, bold } of pieces) {
    const x = margin + column * columnWidth;
    const length = [...text].length;
    const shade = blocks[text[0] ?? ""];
    if (shade !== undefined && [...text].every((glyph) => glyph === text[0])) {
      drawn.push(
        `<rect x="${x.toFixed(1)}" y="${top + 3}" width="${(length * columnWidth).toFixed(1)}" height="${
          rowHeight - 5
        }" ` +
          `fill="${fill}" fill-opacity="${shade}"/>`,
      );
    } else {
      const weight = bold ? ` font-weight="bold"` : "";
      // Several blanks would become one.
      for (const { 0: word, index } of text.matchAll(/\S+(?: \S+)*/g)) {
        const at = (x + [...text.slice(0, index)].length * columnWidth).toFixed(1);
        const wide = ([...word].length * columnWidth).toFixed(1);
        drawn.push(
          `<text x="${at}" y="${top + 13}" textLength="${wide}" fill="${fill}"${weight}>${escape(word)}</text>`,
        );
      }
    }
    column += length;
  }
  return drawn;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
