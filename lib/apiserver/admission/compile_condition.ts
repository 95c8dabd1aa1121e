import { Environment, type ParseResult } from "@marcbachmann/cel-js";

/** Compiled conditions by their text. */
const compiled = new Map<string, ParseResult>();

/**
 * Compiles a condition in CEL. `object`, `oldObject` and `request` are known; types are found at run time.
 * @throws Error that says what is wrong with it
 */
export function compileCondition(expression: string): ParseResult {
  const known = compiled.get(expression);
  if (known !== undefined) return known;
  const environment = new Environment({ homogeneousAggregateLiterals: true });
  for (const variable of ["object", "oldObject", "request"]) environment.registerVariable(variable, "dyn");
  const program = environment.parse(expression);
  const { valid, type, error } = program.check();
  if (!valid) throw new Error(error?.message ?? "it does not pass the type checker", { cause: error });
  if (type !== "bool" && type !== "dyn") throw new Error(`it must evaluate to a bool, and is of type ${type}`);
  compiled.set(expression, program);
  return program;
}
