/** Resolves when one of the signals aborts, or at once when one has; never rejects. */
export function untilAborted(...signals: readonly AbortSignal[]): Promise<void> {
  const [first] = signals;
  const signal = signals.length === 1 && first !== undefined ? first : AbortSignal.any([...signals]);
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
