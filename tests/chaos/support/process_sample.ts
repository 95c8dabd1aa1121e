/** What the kernel tells of a process (Linux). */
export interface ProcessSample {
  /** Resident memory in megabytes. */
  readonly resident: number;
  /** That part of it which is no file: heaps, stacks. */
  readonly anonymous: number;
  /** Seconds of CPU so far. */
  readonly cpu: number;
  /** Open files, sockets among them. */
  readonly files: number;
  readonly sockets: number;
  readonly threads: number;
}

/** Clock ticks of /proc/PID/stat in a second: USER_HZ. */
const ticks = 100;

/** Reads it; undefined when the process has ended. */
export async function sampleProcess(pid: number): Promise<ProcessSample | undefined> {
  try {
    const status = await Deno.readTextFile(`/proc/${pid}/status`);
    const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
    let [files, sockets] = [0, 0];
    for await (const { name } of Deno.readDir(`/proc/${pid}/fd`)) {
      files++;
      if (await isSocket(`/proc/${pid}/fd/${name}`)) sockets++;
    }
    const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]);
    // The second field is the program's name, which may itself contain brackets and blanks.
    // A process that has ended is still there for a moment, but has no memory.
    if (!status.includes("VmRSS:")) return undefined;
    const times = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return {
      resident: field("VmRSS") / 1_024,
      anonymous: field("RssAnon") / 1_024,
      cpu: (Number(times[11]) + Number(times[12])) / ticks,
      files,
      sockets,
      threads: field("Threads"),
    };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** A file may be closed between the look into the folder and this one. */
async function isSocket(path: string): Promise<boolean> {
  try {
    return (await Deno.readLink(path)).startsWith("socket:");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
