/**
 * Ends with a message when this Deno is too old for the demo. A program of its own, to be run without configuration and
 * lock file: older versions stop at those, or at our code, with errors that do not say what helps.
 */
import { denoProblem } from "./deno_version.ts";

const problem = denoProblem(Deno.version.deno);
if (problem !== undefined) {
  Deno.stderr.writeSync(new TextEncoder().encode(`error: ${problem}\n`));
  Deno.exit(1);
}
