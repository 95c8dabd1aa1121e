import type { HeapProfiler, Profiler as Cpu, Session } from "node:inspector";
import { type Clock, sleep } from "../../util/clock/mod.ts";
import { type CpuNode, cpuSamples, type HeapNode, heapSamples } from "./samples.ts";

/** Takes profiles of this process, each as a gzipped profile in pprof's format. */
export interface Profiler extends Disposable {
  /**
   * Measures where processor time goes, for so many milliseconds.
   * @throws ProfilerError when a profile is being taken already.
   */
  cpu(duration: number, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
  /** Tells by whom the memory was allocated that is in use now. */
  heap(): Promise<Uint8Array<ArrayBuffer>>;
}

/** A profile cannot be taken. */
export class ProfilerError extends Error {
  /** Tells it from other errors. */
  override readonly name = "ProfilerError";
}

/** Microseconds between two looks at the stack: 100 a second, as in Go. */
const cpuInterval = 10_000;

/** Bytes between two sampled allocations on average, as in Go. Measured at 160 MB/s of allocations: no cost to be seen. */
const heapInterval = 524_288;

/**
 * Profiles by V8's own profilers, which Deno offers through `node:inspector`. Allocations are sampled from now on: a
 * heap profile knows only those that came after. CPU profiling costs nothing until it is asked for.
 * @throws ProfilerError when the process may not: Deno asks for `--allow-sys`.
 */
export async function startProfiler(clock: Clock): Promise<Profiler> {
  const { Session } = await import("node:inspector"); // Who takes no profiles need not load it.
  const session = new Session();
  try {
    session.connect();
  } catch (cause) {
    throw new ProfilerError("cannot profile this process: run it with --allow-sys", { cause });
  }
  await call((done) => session.post("HeapProfiler.startSampling", { samplingInterval: heapInterval }, done));
  return new InspectorProfiler(session, clock);
}

class InspectorProfiler implements Profiler {
  readonly #session: Session;
  readonly #clock: Clock;
  #busy = false;

  constructor(session: Session, clock: Clock) {
    this.#session = session;
    this.#clock = clock;
  }

  async cpu(duration: number, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    if (this.#busy) throw new ProfilerError("a CPU profile is being taken already: try again when it is done");
    this.#busy = true;
    const session = this.#session;
    try {
      const start = this.#clock.now();
      await call((done) => session.post("Profiler.enable", done));
      await call((done) => session.post("Profiler.setSamplingInterval", { interval: cpuInterval }, done));
      await call((done) => session.post("Profiler.start", done));
      await sleep(this.#clock, duration, signal);
      const { profile } = await call<Cpu.StopReturnType>((done) => session.post("Profiler.stop", done));
      const { encodePprof } = await import("./pprof.ts");
      return encodePprof({
        measures: [{ type: "samples", unit: "count" }, { type: "cpu", unit: "nanoseconds" }],
        samples: cpuSamples(
          profile.nodes satisfies readonly CpuNode[],
          profile.samples ?? [],
          profile.timeDeltas ?? [],
        ),
        period: { type: "cpu", unit: "nanoseconds", value: cpuInterval * 1_000 },
        start,
        duration: (profile.endTime - profile.startTime) / 1_000,
      });
    } finally {
      // Also ends a profile that was given up.
      await call((done) => session.post("Profiler.disable", done));
      this.#busy = false;
    }
  }

  async heap(): Promise<Uint8Array<ArrayBuffer>> {
    const session = this.#session;
    const { profile } = await call<HeapProfiler.GetSamplingProfileReturnType>((done) =>
      session.post("HeapProfiler.getSamplingProfile", done)
    );
    const { encodePprof } = await import("./pprof.ts");
    return encodePprof({
      // V8 tells no number of objects.
      measures: [{ type: "inuse_space", unit: "bytes" }],
      samples: heapSamples(profile.head satisfies HeapNode),
      period: { type: "space", unit: "bytes", value: heapInterval },
      start: this.#clock.now(),
      duration: 0,
    });
  }

  [Symbol.dispose](): void {
    this.#session.disconnect();
  }
}

/** One command to the inspector. */
function call<T = unknown>(post: (done: (error: Error | null, result: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    post((error, result) => {
      if (error) reject(new ProfilerError("the profiler refuses", { cause: error }));
      else resolve(result);
    });
  });
}
