import { delimiter, join } from "node:path";

/** What kubectl said. */
export interface KubectlOutput {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** An ordinary kubectl of this machine, as one user of one cluster. */
export interface Kubectl {
  /** Runs it to its end. @throws the signal's reason. */
  run(args: readonly string[], signal: AbortSignal): Promise<KubectlOutput>;
}

/** Where to look for kubectl, and what it may use. */
export interface FindKubectlOptions {
  readonly env: (name: string) => string | undefined;
  /** What it has to be told to come to the cluster. */
  readonly flags: readonly string[];
  /** A folder for its cache, so that it leaves nothing in the user's. */
  readonly cache: string;
}

/** The kubectl in PATH; undefined when there is none. */
export async function findKubectl({ env, flags, cache }: FindKubectlOptions): Promise<Kubectl | undefined> {
  const program = await findInPath(Deno.build.os === "windows" ? "kubectl.exe" : "kubectl", env("PATH") ?? "");
  if (program === undefined) return undefined;
  return {
    async run(args, signal): Promise<KubectlOutput> {
      signal.throwIfAborted();
      const command = new Deno.Command(program, {
        args: [...flags, ...args],
        env: { KUBECACHEDIR: cache },
        stdin: "null",
        signal,
      });
      const { code, stdout, stderr } = await command.output();
      signal.throwIfAborted();
      const text = new TextDecoder();
      return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
    },
  };
}

/** The first file of this name in the folders of a PATH. */
export async function findInPath(name: string, path: string): Promise<string | undefined> {
  for (const folder of path.split(delimiter).filter((folder) => folder !== "")) {
    const file = join(folder, name);
    const info = await Deno.stat(file).catch(() => undefined);
    if (info?.isFile === true) return file;
  }
  return undefined;
}
