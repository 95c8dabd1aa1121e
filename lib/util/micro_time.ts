const { Instant } = globalThis.Temporal;

/** Milliseconds since the Unix epoch of an RFC 3339 time, with what it has below; undefined when it is none. */
export function parseTime(text: unknown): number | undefined {
  if (typeof text !== "string") return undefined;
  return parseUsualTime(text) ?? parseAny(text);
}

/**
 * {@link parseTime} of the form that Kubernetes writes: in UTC, with whole seconds or up to six decimal places. Many
 * times quicker than Temporal, as Leases are judged again and again. Undefined: it may be a time in another form.
 */
export function parseUsualTime(text: string): number | undefined {
  const { length } = text;
  const isUsual = (length === 20 || (length >= 22 && length <= 27 && text[19] === ".")) && text[4] === "-" &&
    text[7] === "-" && text[10] === "T" && text[13] === ":" && text[16] === ":" && text[length - 1] === "Z";
  if (!isUsual) return undefined;
  const [year, month, day] = [digits(text, 0, 4), digits(text, 5, 7), digits(text, 8, 10)];
  const [hour, minute, second] = [digits(text, 11, 13), digits(text, 14, 16), digits(text, 17, 19)];
  const decimals = length === 20 ? 0 : digits(text, 20, length - 1) * 10 ** (27 - length);
  // Leap seconds and all before the epoch are left to Temporal.
  const isPlain = year >= 1970 && month >= 1 && month <= 12 && isDay(year, month, day) && hour <= 23 && minute <= 59 &&
    second <= 59 && decimals >= 0;
  if (!isPlain) return undefined;
  const micros = Date.UTC(year, month - 1, day, hour, minute, second) * 1_000 + decimals;
  return Number.isSafeInteger(micros) ? micros / 1_000 : undefined;
}

/** Does the month have the day? */
function isDay(year: number, month: number, day: number): boolean {
  return day >= 1 && (day <= 28 || new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day);
}

/** The number that these digits are; NaN when one of them is none. */
function digits(text: string, from: number, to: number): number {
  let number = 0;
  for (let index = from; index < to; index++) {
    const digit = text.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) return NaN;
    number = 10 * number + digit;
  }
  return number;
}

function parseAny(text: string): number | undefined {
  try {
    return Number(Instant.from(text).epochNanoseconds / 1_000n) / 1_000;
  } catch {
    return undefined; // The caller knows which field it was and reports it.
  }
}

/**
 * A time as Kubernetes' MicroTime has it: RFC 3339 in UTC with exactly six decimal places of a second.
 * @param ms milliseconds since the Unix epoch; rounded up to microseconds, so that no deadline reads as an earlier one.
 */
export function formatMicroTime(ms: number): string {
  const nearest = Math.round(ms * 1_000);
  // A whole number of microseconds stays itself: the product may miss it by a bit, which must not count as one more.
  const micros = nearest / 1_000 === ms ? nearest : Math.ceil(ms * 1_000);
  // Beyond, numbers do not tell microseconds apart.
  if (!Number.isSafeInteger(micros)) {
    return new Instant(BigInt(micros) * 1_000n).toString({ fractionalSecondDigits: 6 });
  }
  const wholeMs = Math.floor(micros / 1_000);
  const rest = String(micros - wholeMs * 1_000).padStart(3, "0");
  return `${new Date(wholeMs).toISOString().slice(0, -1)}${rest}Z`;
}
