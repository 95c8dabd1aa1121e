import assert from "node:assert/strict";
import { VirtualClock } from "../../../../../lib/util/clock/mod.ts";
import { ContainerLog } from "../../../../../lib/workloads/node/logs/container_log.ts";
import { MemoryFiles } from "../fake_machine.ts";

function newLog(limit?: number): { log: ContainerLog; files: MemoryFiles } {
  const files = new MemoryFiles();
  const options = { files, folder: "/logs", container: "main", clock: new VirtualClock() };
  return { log: new ContainerLog({ ...options, ...(limit === undefined ? {} : { limit }) }), files };
}

async function texts(log: ContainerLog, previous = false): Promise<string[] | undefined> {
  const reading = await log.open(previous);
  reading?.close();
  return reading?.entries.map((entry) => entry.text);
}

Deno.test("a log keeps at most its limit, and always the latest half of it", async () => {
  const { log, files } = newLog(2_000);
  await log.begin();
  for (let line = 0; line < 500; line++) await log.write("stdout", [{ text: `line ${line}`, partial: false }]);
  const size = [...files.content.values()].reduce((sum, bytes) => sum + bytes.length, 0);
  assert.ok(size <= 2_000, `${size} bytes`);
  const kept = await texts(log) ?? [];
  assert.ok(kept.length >= 20, `${kept.length} lines`);
  assert.deepEqual(kept, Array.from({ length: kept.length }, (_, index) => `line ${500 - kept.length + index}`));
});

Deno.test("a log keeps the instance before, and only that", async () => {
  const { log } = newLog();
  assert.equal(await texts(log), undefined);
  for (const text of ["one", "two", "three"]) {
    await log.begin();
    await log.write("stderr", [{ text, partial: false }]);
    await log.end();
  }
  assert.deepEqual([await texts(log, true), await texts(log)], [["two"], ["three"]]);
});

Deno.test("a follower misses nothing and sees nothing twice", async () => {
  const { log } = newLog();
  await log.begin();
  const written: Promise<void>[] = [];
  const write = (text: number): void => void written.push(log.write("stdout", [{ text: `${text}`, partial: false }]));
  for (let text = 0; text < 10; text++) write(text);
  const opened = log.open(false);
  for (let text = 10; text < 20; text++) write(text);
  const reading = await opened;
  await Promise.all(written);
  await log.end();
  const live = await Array.fromAsync(reading?.live ?? []);
  const all = [...reading?.entries ?? [], ...live].map((entry) => Number(entry.text));
  assert.deepEqual(all, Array.from({ length: 20 }, (_, index) => index));
});

Deno.test("a follower that does not read is cut off instead of filling the memory", async () => {
  const { log } = newLog();
  await log.begin();
  const reading = await log.open(false);
  const pieces = Array.from({ length: 1_000 }, () => ({ text: "x", partial: false }));
  for (let batch = 0; batch < 12; batch++) await log.write("stdout", pieces);
  assert.equal((await Array.fromAsync(reading?.live ?? [])).length, 10_000);
});
