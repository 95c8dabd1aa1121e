import { type Line, type LoadContext, MissingToolError, type Sample } from "./line.ts";
import { machineLoad } from "./machine_noise.ts";
import type { LineResult } from "./table.ts";

/** Part of the machine that others may use without being told of. */
const tolerated = 0.1;

/** Measures one line. A failure becomes its problem, so that the other lines go on; but an abort ends all. */
export async function measureLine(line: Line, context: LoadContext, signal: AbortSignal): Promise<LineResult> {
  const samples: Sample[] = [];
  let problem: string | undefined;
  try {
    const load = await machineLoad(signal);
    if (load !== undefined && load > tolerated) {
      context.note(
        `  the machine is ${Math.round(100 * load)} % busy with other things: figures will be worse than they are`,
      );
    }
    for await (const sample of line.run(context, signal)) {
      if (!line.figures.some(({ id }) => id === sample.id)) {
        throw new Error(`line ${line.name} does not name figure ${sample.id}`);
      }
      samples.push(sample);
    }
  } catch (error) {
    signal.throwIfAborted();
    context.note(`  ${error instanceof MissingToolError ? error.message : Deno.inspect(error)}`);
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
