/** Stands in for a Service: one address in front of several backends. */
export class TcpBalancer implements AsyncDisposable {
  readonly #listener: Deno.TcpListener;
  readonly #serving: Promise<void>;
  readonly #connections = new Set<Deno.TcpConn>();
  #backends: readonly number[] = [];
  #next = 0;

  constructor() {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#serving = this.#serve();
  }

  /** The port that it listens on, on loopback. */
  get port(): number {
    return this.#listener.addr.port;
  }

  /** Passes new connections on to these ports in turn, skipping those that refuse; none: everything is refused. */
  use(...ports: readonly number[]): void {
    this.#backends = ports;
    for (const connection of this.#connections) close(connection);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.use();
    await this.#serving;
  }

  async #serve(): Promise<void> {
    const passing = new Set<Promise<void>>();
    for await (const client of this.#listener) {
      const passed = this.#pass(client).finally(() => passing.delete(passed));
      passing.add(passed);
    }
    await Promise.all(passing);
  }

  async #pass(client: Deno.TcpConn): Promise<void> {
    this.#connections.add(client);
    try {
      const backend = await this.#connect();
      if (backend === undefined) return;
      this.#connections.add(backend);
      try {
        // Either end may go away at any time: that ends both directions.
        await Promise.race([pump(client, backend), pump(backend, client)]);
      } finally {
        close(backend);
        this.#connections.delete(backend);
      }
    } finally {
      close(client);
      this.#connections.delete(client);
    }
  }

  async #connect(): Promise<Deno.TcpConn | undefined> {
    const backends = this.#backends;
    for (let i = 0; i < backends.length; i++) {
      const port = backends[this.#next++ % backends.length];
      if (port === undefined) continue;
      try {
        return await Deno.connect({ hostname: "127.0.0.1", port });
      } catch (error) {
        if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
      }
    }
    return undefined;
  }
}

async function pump(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(16_384);
  try {
    for (let read = await from.read(buffer); read !== null; read = await from.read(buffer)) {
      for (let rest = buffer.subarray(0, read); rest.length > 0;) rest = rest.subarray(await to.write(rest));
    }
  } catch (error) {
    if (!isClosed(error)) throw error;
  }
}

function isClosed(error: unknown): boolean {
  const kinds = [
    Deno.errors.BadResource,
    Deno.errors.BrokenPipe,
    Deno.errors.ConnectionReset,
    Deno.errors.ConnectionAborted,
    Deno.errors.Interrupted,
  ];
  return kinds.some((kind) => error instanceof kind);
}

function close(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch (error) {
    if (!isClosed(error)) throw error;
  }
}
