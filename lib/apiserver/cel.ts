import { Environment, type ParseResult } from "@marcbachmann/cel-js";
import { memoize } from "../util/memo.ts";

/** How many compiled expressions are kept: they are asked for with each object, but clients may send ever new ones. */
const mostCompiled = 1_000;

/**
 * Makes a compiler of expressions in CEL that come to a bool. The variables are known by name, their types are found at
 * run time. The compiler throws an Error that says what is wrong with an expression.
 */
export function celCompiler(variables: readonly string[]): (expression: string) => ParseResult {
  return memoize((expression) => {
    const environment = new Environment({ homogeneousAggregateLiterals: true });
    for (const variable of variables) environment.registerVariable(variable, "dyn");
    const program = environment.parse(expression);
    const { valid, type, error } = program.check();
    if (!valid) throw new Error(error?.message ?? "it does not pass the type checker", { cause: error });
    if (type !== "bool" && type !== "dyn") throw new Error(`it must evaluate to a bool, and is of type ${type}`);
    return program;
  }, mostCompiled);
}
