import assert from "node:assert/strict";
import { openHandles, parseProcessStats, processStats } from "./process_stats.ts";

const status = "Name:\tdeno\nVmPeak:\t 9000 kB\nVmHWM:\t    2048 kB\nVmRSS:\t    1536 kB\n";

Deno.test("parseProcessStats() reads CPU and memory, whatever the program is called", () => {
  const stat = (name: string): string => `42 (${name}) S 1 42 42 0 -1 4194560 100 0 0 0 150 25 0 0 20 0 12 0 1000`;
  for (const name of ["deno", "a) R 9 (b"]) {
    assert.deepEqual(parseProcessStats(stat(name), status), { cpu: 1.75, resident: 1.5, peak: 2 });
  }
});

Deno.test({
  name: "processStats() and openHandles() see this process",
  ignore: Deno.build.os !== "linux",
  async fn(): Promise<void> {
    const { cpu, resident, peak } = await processStats(Deno.pid);
    assert.ok(cpu >= 0 && resident > 10 && peak >= resident, `${cpu} s, ${resident} MB, at most ${peak} MB`);
    const before = await openHandles(Deno.pid);
    using _file = await Deno.open("/proc/self/stat");
    assert.equal(await openHandles(Deno.pid), before + 1);
  },
});
