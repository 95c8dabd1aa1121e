/** Compiled patterns by their text: they are asked for with each object. */
const compiled = new Map<string, RegExp>();

/**
 * The pattern of a schema, which is written for Go (RE2), as a regular expression.
 * @throws SyntaxError when JavaScript cannot read it
 */
export function compilePattern(pattern: string): RegExp {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  const [, flags = ""] = /^\(\?([is]+)\)/.exec(pattern) ?? [];
  const source = flags === "" ? pattern : pattern.slice(flags.length + 3);
  const expression = compile(source.replaceAll(/\\z$/g, "$"), flags);
  compiled.set(pattern, expression);
  return expression;
}

function compile(source: string, flags: string): RegExp {
  try {
    return new RegExp(source, `u${flags}`);
  } catch {
    // Go lets any punctuation be escaped, JavaScript only without the flag.
    return new RegExp(source, flags);
  }
}
