/**
 * Small adapters over `AsyncIterable`, named as in TC39's async iterator helpers so that they can give way to those.
 * Each passes the end on in both directions: when the consumer stops, the source's `return()` runs.
 */
import type { Clock } from "./clock/mod.ts";

/** Each item of `source`, changed by `transform`. */
export async function* map<T, U>(
  source: AsyncIterable<T>,
  transform: (item: T) => U | Promise<U>,
): AsyncGenerator<U, void, undefined> {
  for await (const item of source) yield await transform(item);
}

/** The items of `source` for which `predicate` holds. */
export async function* filter<T>(
  source: AsyncIterable<T>,
  predicate: (item: T) => boolean | Promise<boolean>,
): AsyncGenerator<T, void, undefined> {
  for await (const item of source) if (await predicate(item)) yield item;
}

/** What a source of a merge gave: at most one waits for each source. */
interface Arrival<T> {
  readonly iterator: AsyncIterator<T>;
  readonly result?: IteratorResult<T>;
  readonly error?: unknown;
}

/** The items of all sources as they come; ends when all have ended. An error of one ends the others. */
export async function* merge<T>(...sources: readonly AsyncIterable<T>[]): AsyncGenerator<T, void, undefined> {
  const running = new Set(sources.map((source) => source[Symbol.asyncIterator]()));
  const arrivals: Arrival<T>[] = [];
  let wake: (() => void) | undefined;
  // No Promise.race: what waits for a source that is silent would keep every item of the others in memory.
  const pull = async (iterator: AsyncIterator<T>): Promise<void> => {
    try {
      arrivals.push({ iterator, result: await iterator.next() });
    } catch (error) {
      arrivals.push({ iterator, error });
    }
    wake?.();
  };
  try {
    for (const iterator of running) void pull(iterator);
    while (running.size > 0) {
      const arrival = arrivals.shift();
      if (arrival === undefined) {
        await new Promise<void>((resolve) => wake = resolve);
        continue;
      }
      const { iterator, result } = arrival;
      if (result === undefined || result.done === true) running.delete(iterator);
      if (result === undefined) throw arrival.error;
      if (result.done === true) continue;
      void pull(iterator);
      yield result.value;
    }
  } finally {
    // Not awaited: a source that waits for its next item only returns once that item has come.
    for (const iterator of running) void iterator.return?.()?.then(undefined, () => undefined);
  }
}

/**
 * The last item of each burst: an item is passed on when `ms` milliseconds went by without another one,
 * or when the source ends.
 */
export async function* debounce<T>(
  source: AsyncIterable<T>,
  ms: number,
  clock: Clock,
): AsyncGenerator<T, void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  let next = iterator.next();
  try {
    while (true) {
      let result = await next;
      while (result.done !== true) {
        const latest = result.value;
        next = iterator.next();
        const quiet = Promise.withResolvers<"quiet">();
        using _timer = clock.timer(ms, () => quiet.resolve("quiet"));
        const winner = await Promise.race([next, quiet.promise]);
        if (winner === "quiet" || winner.done === true) {
          yield latest;
          break;
        }
        result = winner;
      }
      if (result.done === true) return;
    }
  } finally {
    void next.then(undefined, () => undefined);
    void iterator.return?.()?.then(undefined, () => undefined);
  }
}

/** Splits decoded text into lines without their line ends; a last line without an end counts too. */
export async function* lines(source: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of source) {
    const text = decoder.decode(chunk, { stream: true });
    let start = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", start)) {
      const line = rest + text.slice(start, end);
      rest = "";
      start = end + 1;
      yield line.endsWith("\r") ? line.slice(0, -1) : line;
    }
    rest += text.slice(start);
  }
  rest += decoder.decode();
  if (rest !== "") yield rest;
}
