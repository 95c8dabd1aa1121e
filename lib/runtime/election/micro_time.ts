/**
 * A time in the form of Kubernetes' MicroTime: RFC 3339 in UTC with exactly six digits of a second.
 * @param ms milliseconds since the Unix epoch; fractions count down to the microsecond.
 */
export function formatMicroTime(ms: number): string {
  const whole = Math.floor(ms);
  const micros = Math.floor((ms - whole) * 1_000);
  return `${new Date(whole).toISOString().slice(0, -1)}${String(micros).padStart(3, "0")}Z`;
}
