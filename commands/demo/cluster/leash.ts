import { DemoError } from "./demo_cluster.ts";
import type { ProcessRunner } from "../../../lib/workloads/node/process/process_runner.ts";

/**
 * Ends the demo's processes and removes its folder when the demo itself has ended without doing so: killed, crashed, or
 * stopped by a second Ctrl-C. It is a shell that reads which processes there are, and acts at the end of its input.
 */
const script = `trap '' INT TERM HUP
folder=$1
pids=
while read -r verb pid; do
  case $verb in
    add) pids="$pids $pid" ;;
    del)
      rest=
      for each in $pids; do [ "$each" = "$pid" ] || rest="$rest $each"; done
      pids=$rest ;;
  esac
done
for each in $pids; do kill -9 "-$each" 2>/dev/null; done
rm -rf -- "$folder"`;

/** Keeps the demo's processes from outliving it. Dispose of it when all of them have ended. */
export class Leash implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;

  /** @param folder is removed at the end, whatever happens. @throws DemoError where there is no POSIX shell */
  constructor(folder: string) {
    this.#child = spawn(
      new Deno.Command("sh", {
        args: ["-c", script, "demo-leash", folder],
        stdin: "piped",
        stdout: "null",
        stderr: "null",
        // Ctrl-C in the terminal is not for it.
        detached: true,
      }),
    );
    this.#input = this.#child.stdin.getWriter();
  }

  /** The runner, with its processes on the leash. */
  hold(runner: ProcessRunner): ProcessRunner {
    return {
      start: (spec) => {
        const process = runner.start(spec);
        this.#say(`add ${process.pid}`);
        void process.exited.then(() => this.#say(`del ${process.pid}`));
        return process;
      },
    };
  }

  #say(line: string): void {
    // After the end there is nobody who listens, and nothing to hold any more.
    this.#input.write(new TextEncoder().encode(`${line}\n`)).catch(() => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close().catch(() => undefined);
    await this.#child.status;
  }
}

function spawn(command: Deno.Command): Deno.ChildProcess {
  try {
    return command.spawn();
  } catch (cause) {
    throw new DemoError("the demo needs the shell `sh`, as Linux and macOS have it: on Windows, run it in WSL", {
      cause,
    });
  }
}
