/**
 * How often a test tries what it generates or repeats: a little each time that all tests run, and more on a hunt.
 * `RUNS=20 deno task test` does twenty times as much, each part that is left out for speed included.
 */
export const factor = Number(Deno.env.get("RUNS") ?? 1);

/** Runs of a property, of which `usual` are enough to see at once what broke. */
export function runs(usual: number): number {
  return Math.ceil(usual * factor);
}

/** Is everything to be tried, however long it takes? */
export const isHunt = factor > 1;
