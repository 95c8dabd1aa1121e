/** The oldest Deno that this is tested with. The README's command names the version that CI uses. */
export const oldestDeno = "2.9.0";

/** What is wrong with this version of Deno, and what helps; undefined when nothing is. */
export function denoProblem(version: string): string | undefined {
  if (compareVersions(version, oldestDeno) >= 0) return undefined;
  return `this is Deno ${version}, and the demo needs ${oldestDeno} or newer: run \`deno upgrade\`, or, with Node.js, ` +
    "`npx --yes deno@2.9.6 task demo`";
}

/** Negative, zero or positive, as of the versions' numbers. What stands behind a hyphen does not count. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.replace(/[-+].*$/, "").split(".").map(Number));
  for (let i = 0; i < 3; i++) {
    const difference = (left?.[i] ?? 0) - (right?.[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
