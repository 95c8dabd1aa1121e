import type { UserAccess } from "./users.ts";

/** Settings of one call. */
export interface KubectlOptions {
  /** What kubectl reads from standard input, for example manifests for `apply -f -`. */
  readonly stdin?: string;
  /** On whose behalf: the name of a user given at the start, or what `certificateUser()` returned. @default {"admin"} */
  readonly user?: string | UserAccess;
  /** Ends the call. */
  readonly signal?: AbortSignal;
}

/** What became of a call. */
export interface KubectlResult {
  /** Exit code. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a kubectl with a kubeconfig, apart from the user's own settings.
 *
 * @param cacheFolder where it keeps what it learned of the server; a control plane's own, as ports are used again
 */
export async function runKubectl(
  program: string,
  kubeconfig: string,
  cacheFolder: string,
  args: readonly string[],
  options: KubectlOptions,
): Promise<KubectlResult> {
  const { stdin, signal } = options;
  signal?.throwIfAborted();
  const child = new Deno.Command(program, {
    args: [...args],
    // KUBERC=off: a user's aliases and defaults would change what a command does.
    env: { KUBECONFIG: kubeconfig, KUBECACHEDIR: cacheFolder, KUBERC: "off", NO_PROXY: "127.0.0.1" },
    stdin: stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
    ...(signal === undefined ? {} : { signal }),
  }).spawn();
  const [output] = await Promise.all([child.output(), stdin === undefined ? undefined : feed(child, stdin)]);
  signal?.throwIfAborted();
  const text = new TextDecoder();
  return { code: output.code, stdout: text.decode(output.stdout), stderr: text.decode(output.stderr) };
}

async function feed(child: Deno.ChildProcess, text: string): Promise<void> {
  const writer = child.stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
  } catch (error) {
    // It ended without reading to the end; its exit code and messages say why.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
