/** What the kernel tells of a process (Linux). */
export interface ProcessStats {
  /** Seconds of CPU that it has used, in user and kernel mode, with all its threads; the kernel counts 10 ms steps. */
  readonly cpu: number;
  /** Resident memory now, in megabytes. */
  readonly resident: number;
  /** Resident memory at most, since the start or {@link resetPeak}; in megabytes. */
  readonly peak: number;
}

/** Clock ticks of /proc/PID/stat in a second: USER_HZ, which is 100 wherever Deno runs. */
const ticks = 100;

/** Reads what a process has used. @throws {Deno.errors.NotFound} when it has ended */
export async function processStats(pid: number): Promise<ProcessStats> {
  const [stat, status] = await Promise.all([
    Deno.readTextFile(`/proc/${pid}/stat`),
    Deno.readTextFile(`/proc/${pid}/status`),
  ]);
  return parseProcessStats(stat, status);
}

/** The files `stat` and `status` of a process in /proc. */
export function parseProcessStats(stat: string, status: string): ProcessStats {
  // The second field is the program's name, which may itself contain brackets and blanks; utime and stime are 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const megabytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]) / 1024;
  return {
    cpu: (Number(fields[11]) + Number(fields[12])) / ticks,
    resident: megabytes("VmRSS"),
    peak: megabytes("VmHWM"),
  };
}

/** Lets the peak of resident memory begin anew. */
export async function resetPeak(pid: number): Promise<void> {
  await Deno.writeTextFile(`/proc/${pid}/clear_refs`, "5");
}

/** How many files and sockets a process has open. */
export async function openHandles(pid: number): Promise<number> {
  let count = 0;
  for await (const _ of Deno.readDir(`/proc/${pid}/fd`)) count++;
  return count;
}

/** CPU that a process uses between two moments: `const used = await cpuMeter(pid); ...; await used()`; in seconds. */
export async function cpuMeter(pid: number): Promise<() => Promise<number>> {
  const { cpu } = await processStats(pid);
  return async () => (await processStats(pid)).cpu - cpu;
}
