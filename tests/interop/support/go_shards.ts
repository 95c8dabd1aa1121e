import assert from "node:assert/strict";
import { join } from "node:path";
import { Process } from "../../e2e/support/process.ts";
import { BadLink } from "./bad_link.ts";
import { goShard } from "./go_shard.ts";
import { type LogEntry, readLog, type Work, worksOf } from "./reconcile_log.ts";

/** Of the shards' Leases: as short as whole seconds allow, in milliseconds. */
export const timing = { leaseDuration: 5_000, renewDeadline: 3_000, retryPeriod: 500 } as const;

/** With what it ends when it has lost its Lease. */
export const lostLease = 3;

/** Settings of {@link GoShards.start}. */
export interface GoShardOptions {
  /** Its Lease says when it will have stopped. @default false */
  readonly provesStop?: boolean;
  /** It does as leaders usually do: without a fence, and with an elector that releases by itself. @default false */
  readonly plain?: boolean;
}

/** A shard in Go, with a network of its own for its Lease. */
export interface GoShard {
  readonly process: Process;
  readonly link: BadLink;
  /** What it has reported so far. */
  readonly log: readonly LogEntry[];
}

/** Shards in Go that work in one namespace, for the ring of the same name. */
export class GoShards implements AsyncDisposable {
  readonly #ring: string;
  readonly #program: string;
  readonly #folder: string;
  readonly #server: string;
  readonly #started: GoShard[] = [];

  private constructor(ring: string, program: string, folder: string, server: string) {
    this.#ring = ring;
    this.#program = program;
    this.#folder = folder;
    this.#server = server;
  }

  /** Builds the program if need be. @param kubeconfig with the rights of a shard */
  static async prepare(ring: string, kubeconfig: string): Promise<GoShards> {
    const program = await goShard();
    const folder = await Deno.makeTempDir({ prefix: "go-shards-" });
    await Deno.writeTextFile(join(folder, "kubeconfig"), kubeconfig, { mode: 0o600 });
    return new GoShards(ring, program, folder, serverOf(kubeconfig));
  }

  /** Starts a process. */
  async start(name: string, options: GoShardOptions = {}): Promise<GoShard> {
    const { provesStop = false, plain = false } = options;
    const link = new BadLink(this.#server);
    const process = await Process.spawn(name, [
      this.#program,
      `--kubeconfig=${join(this.#folder, "kubeconfig")}`,
      `--controllerring=${this.#ring}`,
      `--namespace=${this.#ring}`,
      `--shard-name=${name}`,
      `--lease-server=${link.url}`,
      `--lease-duration=${timing.leaseDuration}ms`,
      `--renew-deadline=${timing.renewDeadline}ms`,
      `--retry-period=${timing.retryPeriod}ms`,
      `--prove-stop=${provesStop}`,
      `--plain=${plain}`,
      "--beat=500ms",
    ], {});
    const shard: GoShard = {
      process,
      link,
      get log() {
        return readLog(process.lines);
      },
    };
    this.#started.push(shard);
    return shard;
  }

  /** All writes of all shards so far. */
  get works(): Work[] {
    return this.#started.flatMap(({ log }) => worksOf(log));
  }

  /** The last lines of all processes, for the message of a failed test. */
  get report(): string {
    return this.#started.map(({ process: { name, lines } }) => {
      const telling = lines.filter((line) => !/"event":"(begin|end)"/.test(line));
      return `--- ${name}\n${telling.slice(-15).join("\n")}\n`;
    }).join("");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { process, link } of this.#started) {
      await process[Symbol.asyncDispose]();
      await link[Symbol.asyncDispose]();
    }
    await Deno.remove(this.#folder, { recursive: true });
  }
}

function serverOf(kubeconfig: string): string {
  return /^\s*server: "?(https:[^"\s]+)/m.exec(kubeconfig)?.[1] ?? assert.fail("the kubeconfig names a server");
}
