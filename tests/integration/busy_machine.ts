/** How often it is looked at how long the event loop was kept waiting, in milliseconds. */
const interval = 50;
/** Tasks at a time, at most. */
const most = 10;
/** After so many intervals in a row in which the event loop hardly waited, one more task may run. */
const calm = { intervals: 3, lag: 12 } as const;
/**
 * Lag that shows a machine which does not keep up, in milliseconds. A renewal of a Lease is a dozen turns of the event loop
 * on both sides, so that Leases of 3 s are lost when each takes longer than that.
 */
const tooLong = 100;

/** How a task went. */
export type Outcome =
  | { readonly type: "done" }
  /** @property starved did the machine keep the process waiting? Then a failure in real time proves nothing. */
  | { readonly type: "failed"; readonly error: unknown; readonly starved: boolean };

/**
 * Runs tasks that wait most of the time: as many at a time as the machine bears without keeping the event loop waiting, so
 * that what runs in real time finds its time. One at a time runs in any case.
 * @returns how each of them went, in their order.
 */
export async function runAsLoadAllows(tasks: readonly (() => Promise<void>)[]): Promise<Outcome[]> {
  const running = new Map<Promise<Outcome>, { worstLag: number }>();
  const outcomes: Promise<Outcome>[] = [];
  let quiet = 0;
  const look = async (): Promise<void> => {
    const lag = await lagOfInterval();
    quiet = lag <= calm.lag ? quiet + 1 : 0;
    for (const watched of running.values()) watched.worstLag = Math.max(watched.worstLag, lag);
  };
  for (const task of tasks) {
    while (running.size > 0 && (running.size >= most || quiet < calm.intervals)) await look();
    quiet = 0;
    const watched = { worstLag: 0 };
    const outcome = task().then(
      (): Outcome => ({ type: "done" }),
      (error: unknown): Outcome => ({ type: "failed", error, starved: watched.worstLag > tooLong }),
    ).finally(() => running.delete(outcome));
    running.set(outcome, watched);
    outcomes.push(outcome);
  }
  while (running.size > 0) await look();
  return await Promise.all(outcomes);
}

/** How long the event loop kept a timer waiting. */
async function lagOfInterval(): Promise<number> {
  const begin = performance.now();
  await new Promise((resolve) => setTimeout(resolve, interval));
  return performance.now() - begin - interval;
}
