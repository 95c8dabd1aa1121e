/** A `kubectl get secret -w` that runs. */
export interface RunningWatch extends AsyncDisposable {
  /** Writes with `probe` until kubectl shows that it watches. */
  ready(probe: (attempt: number) => Promise<unknown>): Promise<void>;
  /** All lines up to one that matches. */
  until(pattern: RegExp): Promise<readonly string[]>;
}

/** Starts the command of the guide. */
export function startWatch(program: string, kubeconfig: string, cache: string): RunningWatch {
  const child = new Deno.Command(program, {
    args: ["get", "secret", "--show-labels", "-w", "--output-watch-events", "--watch-only"],
    env: { KUBECONFIG: kubeconfig, KUBECACHEDIR: cache, KUBERC: "off", NO_PROXY: "127.0.0.1" },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const lines: string[] = [];
  let rest = "";
  async function readMore(): Promise<void> {
    const { value, done } = await reader.read();
    if (done) throw new Error(`kubectl ended: ${lines.join("\n")}`);
    const parts = (rest + value).split("\n");
    rest = parts.pop() ?? "";
    lines.push(...parts);
  }
  return {
    async ready(probe): Promise<void> {
      // Nothing tells when it watches but what it shows; so something has to happen until it does.
      const first = readMore();
      let shown = false;
      first.then(() => shown = true, () => shown = true);
      for (let attempt = 0; !shown; attempt++) await probe(attempt);
      await first;
    },
    async until(pattern): Promise<readonly string[]> {
      while (!lines.some((line) => pattern.test(line))) await readMore();
      return lines;
    },
    async [Symbol.asyncDispose](): Promise<void> {
      child.kill();
      await reader.cancel();
      await child.status;
    },
  };
}
