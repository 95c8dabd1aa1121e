import type { History, Step } from "./steps.ts";

/**
 * Makes a history that fails as short as it gets: leaves out ever smaller parts of it as long as it still fails (delta
 * debugging; Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002).
 *
 * @param fails does a history fail in the same way?
 * @param most ends after so many tries
 */
export async function shrink(
  history: History,
  fails: (history: History) => Promise<boolean>,
  most = 200,
): Promise<History> {
  let steps = history.steps;
  let tries = 0;
  const failsWith = async (candidate: readonly Step[]): Promise<boolean> => {
    tries++;
    return await fails({ ...history, steps: candidate });
  };
  for (let parts = 2; parts <= steps.length * 2 && tries < most;) {
    const size = Math.ceil(steps.length / parts);
    let found = false;
    for (let from = 0; from < steps.length && tries < most; from += size) {
      const rest = [...steps.slice(0, from), ...steps.slice(from + size)];
      if (rest.length === steps.length || !await failsWith(rest)) continue;
      steps = rest;
      found = true;
      from -= size;
    }
    if (size === 1 && !found) break;
    parts = found ? Math.max(parts - 1, 2) : parts * 2;
  }
  return { ...history, steps };
}
