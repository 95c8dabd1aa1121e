import type { ParseResult } from "@marcbachmann/cel-js";
import { celCompiler } from "../cel.ts";

const compile = celCompiler(["object", "oldObject", "request"]);

/**
 * Compiles a condition in CEL. `object`, `oldObject` and `request` are known; types are found at run time.
 * @throws Error that says what is wrong with it
 */
export function compileCondition(expression: string): ParseResult {
  return compile(expression);
}
