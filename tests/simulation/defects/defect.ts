import type { Guarantee } from "../checker/violation.ts";
import type { Circumstances } from "../circumstances.ts";

/** Something that is deliberately wrong with a simulated cluster, to see that the checker notices. */
export interface Defect extends Circumstances {
  /** What is wrong, as a sentence. */
  readonly name: string;
  /** The guarantee that is broken by that. */
  readonly breaks: Guarantee;
}
