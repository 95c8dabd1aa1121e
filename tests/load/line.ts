import type { LoadCluster } from "./load_cluster.ts";

/** What a figure has to reach. */
export type Target = { readonly most: number } | { readonly least: number };

/** Something that is measured, and what it is compared with. All numbers are in `unit`. */
export interface Figure {
  /** Unique in all lines, for example `admission/cpu/3x16`: samples and the JSON file name it. */
  readonly id: string;
  /** What it is, for people. */
  readonly what: string;
  /** For example `ms`; "" for a plain number. */
  readonly unit: string;
  /** Which is better? Of some figures neither is: they are only told. */
  readonly better?: "less" | "more";
  /** The reference's, as anchors.ts has it: median, and the lowest and highest of its runs where they are known. */
  readonly reference?: Range;
  /** Issue 7, item 4. */
  readonly target?: Target;
}

/** Several runs in one. */
export interface Range {
  readonly median: number;
  readonly lowest?: number;
  readonly highest?: number;
}

/** One figure of one run. */
export interface Sample {
  /** The figure's id. */
  readonly id: string;
  readonly value: number;
  /** Whose it is. The spike is the least that could do the job, measured in the same run. @default "ours" */
  readonly of?: "ours" | "spike";
}

/** What a line is given. */
export interface LoadContext {
  /** How often to measure each figure. */
  readonly runs: number;
  /** Only shows that it works: small numbers, some seconds. */
  readonly quick: boolean;
  /** Tells people what goes on. */
  readonly note: (text: string) => void;
  /** Starts a control plane with our manifests; whoever starts it disposes of it. */
  readonly startCluster: () => Promise<LoadCluster>;
}

/** A line of `deno task load`: several figures that one experiment gives. */
export interface Line {
  /** As the command line has it. */
  readonly name: string;
  /** What it measures, in one sentence. */
  readonly measures: string;
  /** All that it can give, in the order of the table. */
  readonly figures: readonly Figure[];
  /**
   * Measures, `context.runs` times or as often as makes sense. What it started is given back when it ends, however it
   * ends.
   * @throws MissingToolError when something has to be installed first.
   */
  run(context: LoadContext, signal: AbortSignal): AsyncIterable<Sample>;
}

/** Something of the machine is missing: the table says so, and the other lines go on. */
export class MissingToolError extends Error {
  override readonly name = "MissingToolError";
}
