/**
 * Does something `count` times, in batches that double as long as all goes well: so what fails for all, such as a quota
 * that is used up, is asked for only a few times.
 * @returns how many times it succeeded, and the first error.
 */
export async function slowStart(
  count: number,
  once: () => Promise<void>,
): Promise<{ readonly done: number; readonly error?: unknown }> {
  let done = 0;
  for (let batch = Math.min(count, 1); batch > 0; batch = Math.min(count - done, 2 * batch)) {
    const results = await Promise.allSettled(Array.from({ length: batch }, once));
    done += results.filter(({ status }) => status === "fulfilled").length;
    const failure = results.find((result) => result.status === "rejected");
    if (failure !== undefined) return { done, error: failure.reason };
  }
  return { done };
}
