import { type Line, type LoadContext, MissingToolError, type Sample } from "./line.ts";
import type { LineResult } from "./table.ts";

/** Measures one line. A failure becomes its problem, so that the other lines go on; but an abort ends all. */
export async function measureLine(line: Line, context: LoadContext, signal: AbortSignal): Promise<LineResult> {
  const samples: Sample[] = [];
  let problem: string | undefined;
  try {
    for await (const sample of line.run(context, signal)) {
      if (!line.figures.some(({ id }) => id === sample.id)) {
        throw new Error(`line ${line.name} does not name figure ${sample.id}`);
      }
      samples.push(sample);
    }
  } catch (error) {
    signal.throwIfAborted();
    problem = describe(error);
  }
  const valuesOf = (id: string, whose: "ours" | "spike"): number[] =>
    samples.filter((sample) => sample.id === id && (sample.of ?? "ours") === whose).map(({ value }) => value);
  const results = line.figures.map((figure) => ({
    figure,
    ours: valuesOf(figure.id, "ours"),
    spike: valuesOf(figure.id, "spike"),
  }));
  return { line: line.name, results, ...problem === undefined ? {} : { problem } };
}

function describe(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  // One row of a table; the whole message was noted before.
  return `${error instanceof MissingToolError ? "not measured" : "failed"}: ${message.split("\n")[0]?.slice(0, 200)}`;
}
