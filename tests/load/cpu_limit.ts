import { MissingToolError } from "./line.ts";

/** A limit of CPU for processes, as the kernel keeps it for containers. */
export interface CpuLimit extends AsyncDisposable {
  /** Runs its arguments within the limit: a {@link SharderStart.wrapper}. */
  readonly wrapper: readonly string[];
}

/** Where the two versions of control groups are, and how they say a quota. */
const versions = [
  { root: "/sys/fs/cgroup/cpu", files: { "cpu.cfs_period_us": "100000", "cpu.cfs_quota_us": "%" } },
  { root: "/sys/fs/cgroup", files: { "cpu.max": "% 100000" } },
] as const;

/**
 * Makes a control group that gets so many thousandths of a processor, as `limits.cpu` of a pod does: that part of each
 * 100 ms.
 * @throws MissingToolError when this machine does not let us
 */
export async function limitCpu(millis: number): Promise<CpuLimit> {
  const problems: string[] = [];
  for (const { root, files } of versions) {
    const folder = `${root}/load-${crypto.randomUUID()}`;
    try {
      await Deno.mkdir(folder);
    } catch (error) {
      problems.push(String(error));
      continue;
    }
    try {
      for (const [file, content] of Object.entries(files)) {
        // Deno would create what is not there; the kernel does not let it.
        await Deno.writeTextFile(`${folder}/${file}`, content.replace("%", String(100 * millis)));
      }
    } catch (error) {
      await Deno.remove(folder);
      problems.push(String(error));
      continue;
    }
    const wrapper = ["sh", "-c", `echo $$ > ${folder}/cgroup.procs && exec "$@"`, "limited"];
    return { wrapper, [Symbol.asyncDispose]: () => Deno.remove(folder) };
  }
  throw new MissingToolError(`needs root on Linux, with cgroups that have the cpu controller: ${problems.join("; ")}`);
}
