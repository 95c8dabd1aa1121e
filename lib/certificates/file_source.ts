import { type Clock, sleep } from "../util/clock/mod.ts";
import { describeError, getLogger, type Logger } from "../util/log.ts";
import { CertificateError, checkPair } from "./check_pair.ts";
import type { CertificatePair, CertificateSource } from "./source.ts";

/** Where the files are and how often they are read. */
export interface FileSourceOptions {
  /** Path of the certificate file (PEM; the serving certificate first, then intermediate ones). */
  readonly certFile: string;
  /** Path of the private key file (PEM). */
  readonly keyFile: string;
  readonly clock: Clock;
  /** Milliseconds between two looks at the files. @default 10_000 */
  readonly interval?: number;
  /** Milliseconds until the next look while the files cannot be used. @default 1_000 */
  readonly retryInterval?: number;
  /** Reads a file. @default Deno.readTextFile */
  readonly readTextFile?: (path: string) => Promise<string>;
  readonly logger?: Logger;
}

/**
 * A certificate in two files that somebody replaces before it expires: cert-manager through a mounted Secret, or a
 * person. The files are read again every few seconds instead of being watched, because the kubelet swaps a symbolic link
 * two folders up and network file systems report nothing. While they are unreadable or do not belong together (the swap
 * may come between the two reads) the last good pair stays.
 */
export class FileSource implements CertificateSource {
  readonly #certFile: string;
  readonly #keyFile: string;
  readonly #clock: Clock;
  readonly #interval: number;
  readonly #retryInterval: number;
  readonly #readTextFile: (path: string) => Promise<string>;
  readonly #logger: Logger;
  #current: CertificatePair | undefined;
  #problem: string | undefined;

  constructor(options: FileSourceOptions) {
    const { certFile, keyFile, clock, interval = 10_000, retryInterval = 1_000 } = options;
    this.#certFile = certFile;
    this.#keyFile = keyFile;
    this.#clock = clock;
    this.#interval = interval;
    this.#retryInterval = Math.min(retryInterval, interval);
    this.#readTextFile = options.readTextFile ?? ((path) => Deno.readTextFile(path));
    this.#logger = options.logger ?? getLogger(["sharding", "certificates"]);
  }

  current(): CertificatePair | undefined {
    return this.#current;
  }

  async *changes(signal: AbortSignal): AsyncGenerator<CertificatePair, void, undefined> {
    let last: CertificatePair | undefined;
    while (!signal.aborted) {
      await this.#refresh();
      const current = this.#current;
      if (!signal.aborted && current !== undefined && current !== last) yield last = current;
      const pause = this.#problem === undefined ? this.#interval : this.#retryInterval;
      await sleep(this.#clock, pause, signal).catch(() => undefined); // It only rejects when the signal aborts.
    }
  }

  /**
   * Reads the files now.
   * @throws CertificateError that names the file when one cannot be read or used; the last good pair stays.
   */
  async load(): Promise<CertificatePair> {
    const [certificate, key] = await Promise.all([
      this.#read(this.#certFile, "certificate"),
      this.#read(this.#keyFile, "private key"),
    ]);
    const known = this.#current;
    if (known?.certificate === certificate && known.key === key) return known;
    const pair = { certificate, key };
    checkPair(pair, { certificate: this.#certFile, key: this.#keyFile });
    this.#current = pair;
    return pair;
  }

  async #refresh(): Promise<void> {
    const before = this.#current;
    try {
      const pair = await this.load();
      if (pair !== before) {
        this.#logger.info("loaded the serving certificate", {
          certFile: this.#certFile,
          renewed: before !== undefined,
        });
      }
      this.#problem = undefined;
    } catch (error) {
      // The same problem at each look is one line in the log, not one every second.
      const problem = describeError(error);
      if (problem !== this.#problem) {
        this.#logger.warn("cannot use the serving certificate, going on with the last good one if there is one", {
          error: problem,
          serving: before !== undefined,
        });
      }
      this.#problem = problem;
    }
  }

  async #read(path: string, what: string): Promise<string> {
    try {
      return await this.#readTextFile(path);
    } catch (cause) {
      throw new CertificateError(
        `cannot read the ${what} file ${path}: it must exist and be readable by this process`,
        {
          cause,
        },
      );
    }
  }
}

/** A certificate source that reads two files. */
export function fileSource(options: FileSourceOptions): FileSource {
  return new FileSource(options);
}
