/** CLOCK_MONOTONIC on Linux. */
const clockMonotonic = 1;

const symbols = { clock_gettime: { parameters: ["i32", "buffer"], result: "i32" } } as const;
/** Opened once for the whole process. */
const library = Deno.build.os === "linux" ? Deno.dlopen("libc.so.6", symbols) : undefined;

/**
 * Milliseconds on the clock that all processes of one machine share and that never jumps, so that what two of them wrote
 * down can be brought in order. (`performance.now()` begins anew in each process, and the wall clock may be set.) Linux;
 * needs --allow-ffi.
 */
export function sharedTime(): number {
  if (library === undefined) throw new Error("chaos needs Linux");
  const time = new BigInt64Array(2);
  library.symbols.clock_gettime(clockMonotonic, time);
  const [seconds = 0n, nanoseconds = 0n] = time;
  return Number(seconds) * 1_000 + Number(nanoseconds) / 1_000_000;
}
