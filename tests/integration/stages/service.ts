import { loopback } from "../../controlplane/ports.ts";

/**
 * A port that is never given back while a test runs, in front of others that come and go, as a Service is in front of its
 * endpoints: each connection goes to the next one, and is refused while there is none.
 */
export class Service implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: loopback, port: 0 });
  readonly #endpoints: number[] = [];
  readonly #connections = new Set<Deno.TcpConn>();
  readonly #work = new Set<Promise<void>>();

  constructor() {
    this.#track(this.#accept());
  }

  /** Where it listens. */
  get port(): number {
    return this.#listener.addr.port;
  }

  /** Sends connections to a port of this machine too, until the result is disposed. */
  add(port: number): Disposable {
    this.#endpoints.push(port);
    return { [Symbol.dispose]: () => void this.#endpoints.splice(this.#endpoints.indexOf(port), 1) };
  }

  /** Breaks all connections, as a crash does. */
  cut(): void {
    for (const connection of this.#connections) connection.close();
    this.#connections.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.cut();
    while (this.#work.size > 0) await Promise.all(this.#work);
  }

  async #accept(): Promise<void> {
    for await (const connection of this.#listener) {
      const port = this.#endpoints.shift();
      if (port === undefined) {
        connection.close();
        continue;
      }
      this.#endpoints.push(port);
      this.#track(this.#forward(connection, port));
    }
  }

  async #forward(client: Deno.TcpConn, port: number): Promise<void> {
    this.#connections.add(client);
    let server: Deno.TcpConn | undefined;
    try {
      server = await Deno.connect({ hostname: loopback, port });
      if (!this.#connections.has(client)) return; // Cut meanwhile.
      this.#connections.add(server);
      // Either side breaks when it wants to.
      await Promise.allSettled([client.readable.pipeTo(server.writable), server.readable.pipeTo(client.writable)]);
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
    } finally {
      for (const connection of [client, server]) this.#close(connection);
    }
  }

  #close(connection: Deno.TcpConn | undefined): void {
    if (connection === undefined || !this.#connections.delete(connection)) return;
    try {
      connection.close();
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error; // The end of its stream closed it.
    }
  }

  #track(work: Promise<void>): void {
    const tracked = work.finally(() => this.#work.delete(tracked));
    this.#work.add(tracked);
  }
}
