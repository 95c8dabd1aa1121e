import { memoize } from "../../util/memo.ts";

/** How many compiled patterns are kept: they are asked for with each object. */
const mostCompiled = 1_000;

const translate = memoize((pattern) => {
  const [, flags = ""] = /^\(\?([is]+)\)/.exec(pattern) ?? [];
  const source = flags === "" ? pattern : pattern.slice(flags.length + 3);
  return compile(source.replaceAll(/\\z$/g, "$"), flags);
}, mostCompiled);

/**
 * The pattern of a schema, which is written for Go (RE2), as a regular expression.
 * @throws SyntaxError when JavaScript cannot read it
 */
export function compilePattern(pattern: string): RegExp {
  return translate(pattern);
}

function compile(source: string, flags: string): RegExp {
  try {
    return new RegExp(source, `u${flags}`);
  } catch {
    // Go lets any punctuation be escaped, JavaScript only without the flag.
    return new RegExp(source, flags);
  }
}
