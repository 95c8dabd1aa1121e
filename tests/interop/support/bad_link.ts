import { sleep, systemClock } from "../../../lib/util/clock/mod.ts";
import { loopback } from "../../controlplane/ports.ts";

/** How long bytes take on a link, in milliseconds; Infinity: they never arrive. */
export interface Delays {
  readonly requests: number;
  readonly answers: number;
}

const none: Delays = { requests: 0, answers: 0 };

/**
 * A bad network between a client and a server on this machine: it passes bytes on late, or no more, and looks all the
 * time like a connection that works, or it cuts connections. It understands none of the bytes, so TLS goes through it.
 */
export class BadLink implements AsyncDisposable {
  /** Of what is sent from now on, also on connections that are open. */
  delays: Delays = none;
  /** Are new connections made? Else they are closed as soon as they come. */
  isOpen = true;
  #accepted = 0;
  readonly #open = new Set<Deno.TcpConn>();
  #held: PromiseWithResolvers<void> | undefined;
  readonly #target: number;
  readonly #listener: Deno.TcpListener;
  readonly #over = new AbortController();
  readonly #connections = new Set<Promise<void>>();
  readonly #serving: Promise<void>;

  /** @param server URL of the server, on loopback */
  constructor(server: string) {
    this.#target = Number(new URL(server).port);
    this.#listener = Deno.listen({ hostname: loopback, port: 0 });
    this.#serving = this.#serve();
  }

  /** URL of the server by way of this link. */
  get url(): string {
    return `https://${loopback}:${this.#listener.addr.port}`;
  }

  /** How many connections were made so far. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Closes all connections that there are. */
  cut(): void {
    for (const connection of this.#open) close(connection);
  }

  /** Holds back all that is sent, in both directions, until the result is disposed of: then it arrives after all. */
  hold(): Disposable {
    const held = this.#held ??= Promise.withResolvers<void>();
    return {
      [Symbol.dispose]: () => {
        held.resolve();
        if (this.#held === held) this.#held = undefined;
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.#held?.resolve();
    this.#over.abort();
    await this.#serving;
    await Promise.all(this.#connections);
  }

  async #serve(): Promise<void> {
    for await (const client of this.#listener) {
      this.#accepted++;
      const passed = this.#pass(client).finally(() => this.#connections.delete(passed));
      this.#connections.add(passed);
    }
  }

  async #pass(client: Deno.TcpConn): Promise<void> {
    const ended = new AbortController();
    const signal = AbortSignal.any([this.#over.signal, ended.signal]);
    using _client = client;
    using server = this.isOpen ? await this.#connect() : undefined;
    if (server === undefined) return;
    this.#open.add(client);
    // Either end may go away at any time: that ends both directions.
    const directions = [
      this.#pump(client, server, ({ requests }) => requests, signal),
      this.#pump(server, client, ({ answers }) => answers, signal),
    ];
    const over = new Promise<void>((resolve) => this.#over.signal.addEventListener("abort", () => resolve()));
    await Promise.race([...directions, over]);
    ended.abort();
    this.#open.delete(client);
    close(client);
    close(server);
    await Promise.all(directions);
  }

  /** Undefined while the server is away. */
  async #connect(): Promise<Deno.TcpConn | undefined> {
    try {
      return await Deno.connect({ hostname: loopback, port: this.#target });
    } catch (error) {
      if (isClosed(error)) return undefined;
      throw error;
    }
  }

  /** Reads on while bytes are under way, so that each arrives after its own delay, and in order. */
  async #pump(
    from: Deno.TcpConn,
    to: Deno.TcpConn,
    delayOf: (delays: Delays) => number,
    signal: AbortSignal,
  ): Promise<void> {
    let written = Promise.resolve();
    const write = async (bytes: Uint8Array, due: number): Promise<void> => {
      if (due === Infinity) return;
      await sleep(systemClock, Math.max(0, due - systemClock.monotonic()), signal);
      await this.#held?.promise;
      for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await to.write(rest));
    };
    try {
      for (;;) {
        const buffer = new Uint8Array(16_384);
        const length = await from.read(buffer);
        if (length === null) break;
        const due = systemClock.monotonic() + delayOf(this.delays);
        written = written.then(() => write(buffer.subarray(0, length), due));
        written.catch(() => close(from)); // That ends the reading, and then this tells.
      }
      await written;
    } catch (error) {
      if (!signal.aborted && !isClosed(error)) throw error;
    }
  }
}

function isClosed(error: unknown): boolean {
  const { BadResource, BrokenPipe, ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted } = Deno.errors;
  return [BadResource, BrokenPipe, ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted]
    .some((kind) => error instanceof kind);
}

function close(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch (error) {
    if (!isClosed(error)) throw error;
  }
}
