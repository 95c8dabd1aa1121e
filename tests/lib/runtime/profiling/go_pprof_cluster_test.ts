import assert from "node:assert/strict";
import { startProfiler } from "../../../../lib/runtime/profiling/mod.ts";
import { sleep, systemClock } from "../../../../lib/util/clock/mod.ts";

/** Work that a profile has to show. */
function spin(until: number): number {
  let sum = 0;
  while (systemClock.monotonic() < until) for (let index = 1; index < 10_000; index++) sum += Math.sqrt(index);
  return sum;
}

/** What Go's own tool makes of a profile. (Go builds the tool at its first use, which takes a while.) */
async function top(profile: Uint8Array): Promise<string> {
  const file = await Deno.makeTempFile({ suffix: ".pb.gz" });
  try {
    await Deno.writeFile(file, profile);
    const go = new Deno.Command("go", { args: ["tool", "pprof", "-top", "-nodecount=500", file] });
    const { code, stdout, stderr } = await go.output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    return new TextDecoder().decode(stdout);
  } finally {
    await Deno.remove(file);
  }
}

Deno.test("go tool pprof reads our profiles", async () => {
  using profiler = await startProfiler(systemClock);
  const kept = Array.from({ length: 300_000 }, (_, index) => `${index}`.padStart(40, "x"));
  const taking = profiler.cpu(500, new AbortController().signal);
  for (let turn = 0; turn < 15; turn++) {
    await sleep(systemClock, 1); // The profiler's commands run between the turns.
    assert.ok(spin(systemClock.monotonic() + 20) > 0);
  }
  assert.match(await top(await taking), /Type: cpu[^]* spin\b/);
  assert.match(await top(await profiler.heap()), /Type: inuse_space/);
  assert.equal(kept.length, 300_000);
});
