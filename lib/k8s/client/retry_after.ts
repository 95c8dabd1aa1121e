/** Retries of one request on the server's demand, as in client-go. */
export const maxRetries = 10;

/** A demand to wait longer than this is left to the caller, so that one header cannot stop a controller for hours. */
const longestWait = 60;

/**
 * Seconds of a Retry-After header: a number, or a date (RFC 9110, section 10.2.3).
 * @param now wall-clock time in milliseconds
 */
export function parseRetryAfter(value: string | null, now: number): number | undefined {
  if (value === null) return undefined;
  if (/^\s*\d+\s*$/.test(value)) return Number(value);
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - now) / 1_000));
}

/** Seconds to wait before the request may be sent again; undefined when the answer stands. */
export function retryWait(code: number, retryAfter: number | undefined, retries: number): number | undefined {
  // Only these two say that the server did nothing, so that any request may be repeated.
  if (code !== 429 && code !== 503) return undefined;
  if (retryAfter === undefined || retryAfter > longestWait || retries >= maxRetries) return undefined;
  return retryAfter;
}
