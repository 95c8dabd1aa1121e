import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { Profile } from "pprof-format";
import { encodePprof, type Frame } from "../../../../lib/runtime/profiling/pprof.ts";
import { cpuSamples, heapSamples } from "../../../../lib/runtime/profiling/samples.ts";
import { profileHandler, ProfilerError, startProfiler } from "../../../../lib/runtime/profiling/mod.ts";
import type { Profiler } from "../../../../lib/runtime/profiling/mod.ts";
import { systemClock, VirtualClock } from "../../../../lib/util/clock/mod.ts";

const frame = (functionName: string, lineNumber = 0): Frame => ({ functionName, url: "file:///a.ts", lineNumber });

/** A profile in words: the names of the functions of each sample, and its values. */
function read(bytes: Uint8Array): { types: string[]; samples: [string[], number[]][]; profile: Profile } {
  const profile = Profile.decode(gunzipSync(bytes));
  const text = (index: number | bigint): string => profile.stringTable.strings[Number(index)] ?? "";
  const functions = new Map(profile.function.map((each) => [Number(each.id), text(each.name)]));
  const locations = new Map(profile.location.map((each) => {
    const [line] = each.line;
    return [Number(each.id), `${functions.get(Number(line?.functionId))}:${line?.line}`];
  }));
  return {
    types: profile.sampleType.map(({ type, unit }) => `${text(type)}/${text(unit)}`),
    samples: profile.sample.map(({ locationId, value }) => [
      locationId.map((id) => locations.get(Number(id)) ?? ""),
      value.map(Number),
    ]),
    profile,
  };
}

Deno.test("encodePprof() names functions, lines, times and units", () => {
  const bytes = encodePprof({
    measures: [{ type: "samples", unit: "count" }, { type: "cpu", unit: "nanoseconds" }],
    samples: [
      { stack: [frame("inner", 4), frame("outer")], values: [2, 20_000_000] },
      { stack: [frame("", 7), frame("outer")], values: [1, 10_000_000] },
    ],
    period: { type: "cpu", unit: "nanoseconds", value: 10_000_000 },
    start: 1_000,
    duration: 30,
  });
  const { types, samples, profile } = read(bytes);
  assert.deepEqual(types, ["samples/count", "cpu/nanoseconds"]);
  assert.deepEqual(samples, [
    [["inner:5", "outer:1"], [2, 20_000_000]],
    [["(anonymous):8", "outer:1"], [1, 10_000_000]],
  ]);
  assert.equal(profile.function.length, 3);
  assert.deepEqual([profile.timeNanos, profile.durationNanos].map(Number), [1_000_000_000, 30_000_000]);
});

Deno.test("cpuSamples() adds up what was seen, leaves out idle time, and takes negative deltas for none", () => {
  const nodes = [
    { id: 1, callFrame: frame("(root)"), children: [2, 3] },
    { id: 2, callFrame: frame("(idle)") },
    { id: 3, callFrame: frame("a"), children: [4] },
    { id: 4, callFrame: frame("b") },
  ];
  const samples = cpuSamples(nodes, [3, 4, 2, 4, 4], [1, 2, 3, 1_000, -5]);
  assert.deepEqual(samples, [
    { stack: [frame("a")], values: [1, 2_000] },
    { stack: [frame("b"), frame("a")], values: [3, 3_000] },
  ]);
});

Deno.test("heapSamples() tells who allocated what is in use, from the inside out", () => {
  const leaf = { callFrame: frame("leaf"), selfSize: 10, children: [] };
  const empty = { callFrame: frame("empty"), selfSize: 0, children: [] };
  const head = {
    callFrame: frame("(root)"),
    selfSize: 0,
    children: [{ callFrame: frame("a"), selfSize: 5, children: [leaf, empty] }],
  };
  assert.deepEqual(heapSamples(head), [
    { stack: [frame("a")], values: [5] },
    { stack: [frame("leaf"), frame("a")], values: [10] },
  ]);
});

/** Work that a profile has to show. */
function countPrimes(limit: number): number {
  let count = 0;
  for (let candidate = 2; candidate < limit; candidate++) {
    let divisor = 2;
    while (divisor * divisor <= candidate && candidate % divisor !== 0) divisor++;
    if (divisor * divisor > candidate) count++;
  }
  return count;
}

function keepText(): string[] {
  return Array.from({ length: 300_000 }, (_, index) => `${index}`.padStart(40, "x"));
}

Deno.test("startProfiler() takes profiles of this very process, one at a time", async () => {
  const clock = new VirtualClock();
  using profiler = await startProfiler(clock);
  const kept = keepText();
  const signal = new AbortController().signal;
  const taking = profiler.cpu(1_000, signal);
  while (clock.pending === 0) await clock.settle();
  await assert.rejects(profiler.cpu(1, signal), ProfilerError);
  const begin = systemClock.monotonic();
  while (systemClock.monotonic() - begin < 200) countPrimes(20_000);
  await clock.advance(1_000);
  const cpu = await taking;
  const heap = await profiler.heap();
  assert.equal(kept.length, 300_000);
  assert.ok(read(cpu).samples.some(([stack]) => stack.some((name) => name.startsWith("countPrimes:"))));
  const bytesOf = (name: string): number =>
    read(heap).samples.filter(([stack]) => stack.some((each) => each.startsWith(name)))
      .reduce((sum, [, [value = 0]]) => sum + value, 0);
  assert.ok(bytesOf("keepText:") > 1_000_000, `${bytesOf("keepText:")} bytes`);
});

Deno.test("profileHandler() answers as Go's does, as far as there is something to answer", async () => {
  const taken: unknown[] = [];
  const profiler: Profiler = {
    cpu: (duration) => {
      taken.push(duration);
      if (duration === 2_000) return Promise.reject(new ProfilerError("a CPU profile is being taken already"));
      return Promise.resolve(Uint8Array.of(1));
    },
    heap: () => Promise.resolve(Uint8Array.of(2)),
    [Symbol.dispose]: () => undefined,
  };
  const handle = profileHandler(profiler);
  const status = async (path: string, method = "GET"): Promise<number> => {
    const response = await handle(new Request(`https://127.0.0.1/debug/pprof${path}`, { method }));
    await response.body?.cancel();
    return response.status;
  };
  const table: readonly (readonly [string, number])[] = [
    ["", 302],
    ["/", 200],
    ["/heap", 200],
    ["/profile", 200],
    ["/profile?seconds=1.5", 200],
    ["/profile?seconds=2", 500],
    ["/profile?seconds=0", 400],
    ["/profile?seconds=301", 400],
    ["/profile?seconds=x", 400],
    ["/goroutine", 404],
  ];
  for (const [path, wanted] of table) assert.equal(await status(path), wanted, path);
  assert.equal(await status("/heap", "POST"), 405);
  assert.deepEqual(taken, [30_000, 1_500, 2_000]);
  const heap = await handle(new Request("https://127.0.0.1/debug/pprof/heap"));
  assert.equal(heap.headers.get("content-type"), "application/octet-stream");
  assert.deepEqual(await heap.bytes(), Uint8Array.of(2));
});

Deno.test("profileHandler() says why there are no profiles", async () => {
  const handle = profileHandler("run it with --allow-sys");
  const response = await handle(new Request("https://127.0.0.1/debug/pprof/heap"));
  assert.deepEqual([response.status, await response.text()], [501, "run it with --allow-sys\n"]);
});
