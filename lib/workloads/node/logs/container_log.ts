import { BoundedQueue } from "../../../util/bounded_queue.ts";
import type { Clock } from "../../../util/clock/mod.ts";
import { formatMicroTime } from "../../../util/micro_time.ts";
import type { NodeFiles } from "../files.ts";
import type { OutputStream } from "../process/process_runner.ts";
import { formatEntry, type LogEntry, parseEntries } from "./log_entry.ts";
import type { Piece } from "./split_output.ts";

/** Settings of a {@link ContainerLog}. */
export interface ContainerLogOptions {
  readonly files: NodeFiles;
  /** Where the log's files lie; the folder exists. */
  readonly folder: string;
  /** Name of the container. */
  readonly container: string;
  readonly clock: Clock;
  /** Bytes that are kept of each instance, at least the latest half of them. @default 10 MiB */
  readonly limit?: number;
}

/** Entries that wait for a slow reader; beyond that its stream ends. */
const mostWaiting = 10_000;

/** The log of an instance as it is now, and as it goes on. */
export interface LogReading {
  readonly entries: readonly LogEntry[];
  /** What is written from now on; ends with the instance, or when the reader is too slow. */
  readonly live: AsyncIterable<LogEntry>;
  /** Gives up the live part. */
  close(): void;
}

/**
 * What a container wrote: of the present instance and of the one before. Each is kept in two files, of which the older
 * goes when the newer is full.
 */
export class ContainerLog {
  readonly #options: Required<ContainerLogOptions>;
  readonly #followers = new Set<BoundedQueue<LogEntry>>();
  /** One thing at a time, so that a reading misses nothing and doubles nothing. */
  #last: Promise<unknown> = Promise.resolve();
  #size = 0;
  #instances = 0;
  #running = false;

  constructor(options: ContainerLogOptions) {
    this.#options = { limit: 10 * 2 ** 20, ...options };
  }

  /** A new instance of the container begins: what there is becomes the log of the one before. */
  begin(): Promise<void> {
    return this.#inTurn(async () => {
      this.#endFollowers();
      if (this.#instances > 0) await this.#keepAsPrevious();
      this.#instances++;
      this.#size = 0;
      this.#running = true;
    });
  }

  /** Adds what the present instance wrote. */
  write(stream: OutputStream, pieces: readonly Piece[]): Promise<void> {
    return this.#inTurn(async () => {
      const { files, clock, limit } = this.#options;
      const time = formatMicroTime(clock.now());
      const entries = pieces.map((piece): LogEntry => ({ time, stream, ...piece }));
      const bytes = new TextEncoder().encode(entries.map(formatEntry).join(""));
      if (this.#size + bytes.length > limit / 2 && this.#size > 0) {
        await files.rename(this.#path("log"), this.#path("old.log"));
        this.#size = 0;
      }
      await files.append(this.#path("log"), bytes);
      this.#size += bytes.length;
      for (const follower of this.#followers) {
        if (!entries.every((entry) => follower.push(entry))) follower.close();
      }
    });
  }

  /** The present instance has ended: nobody needs to wait for more. */
  end(): Promise<void> {
    return this.#inTurn(() => {
      this.#running = false;
      this.#endFollowers();
      return Promise.resolve();
    });
  }

  /** Reads the present instance, or the one before; undefined when there was none. */
  open(previous: boolean): Promise<LogReading | undefined> {
    return this.#inTurn(async () => {
      if (this.#instances < (previous ? 2 : 1)) return undefined;
      const prefix = previous ? "previous." : "";
      const older = await this.#read(`${prefix}old.log`);
      const entries = [...older, ...await this.#read(`${prefix}log`)];
      const live = new BoundedQueue<LogEntry>(mostWaiting);
      if (this.#running && !previous) this.#followers.add(live);
      else live.close();
      const close = (): void => {
        this.#followers.delete(live);
        live.close();
      };
      return { entries, live, close };
    });
  }

  async #keepAsPrevious(): Promise<void> {
    const { files } = this.#options;
    await files.remove(this.#path("previous.old.log"));
    await files.remove(this.#path("previous.log"));
    await files.rename(this.#path("old.log"), this.#path("previous.old.log"));
    await files.rename(this.#path("log"), this.#path("previous.log"));
  }

  async #read(suffix: string): Promise<readonly LogEntry[]> {
    const content = await this.#options.files.read(this.#path(suffix));
    return content === undefined ? [] : parseEntries(new TextDecoder().decode(content));
  }

  #path(suffix: string): string {
    return `${this.#options.folder}/${this.#options.container}.${suffix}`;
  }

  #endFollowers(): void {
    for (const follower of this.#followers) follower.close();
    this.#followers.clear();
  }

  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const result = this.#last.then(action);
    // The next in turn does not care; whoever asked gets the error.
    this.#last = result.then(() => undefined, () => undefined);
    return result;
  }
}
