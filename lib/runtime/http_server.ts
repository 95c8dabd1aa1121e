import { type BindAddress, formatBindAddress } from "../util/bind_address.ts";
import { type Clock, sleep } from "../util/clock/mod.ts";
import { getLogger, type Logger } from "../util/log.ts";
import { untilAborted } from "../util/until_aborted.ts";
import type { Runnable } from "./runnable.ts";

/** A server could not start to listen. The message names server and address; the cause is what the machine said. */
export class ListenError extends Error {
  override readonly name = "ListenError";
}

/** The machine's TLS cannot use a certificate or its key. */
export class TlsError extends Error {
  override readonly name = "TlsError";
}

/** Answers requests. */
export type HttpHandler = (request: Request) => Response | Promise<Response>;

/** How to serve. */
export interface HttpServerOptions {
  /** Names the server in logs and errors, such as "health". */
  readonly name: string;
  readonly address: BindAddress;
  readonly handler: HttpHandler;
  /**
   * Serve TLS (with HTTP/2 for clients that want it) instead of plain HTTP. Both PEM. An answer of more than 380 bytes
   * then waits 40 ms for its client unless the handler gives it as `inPieces()` (lib/util) does, which costs some CPU.
   */
  readonly tls?: { readonly certificate: string; readonly key: string };
  /** Let several servers listen on the same port. With TLS the program needs Deno's `--unstable-net`. @default false */
  readonly reusePort?: boolean;
  readonly clock: Clock;
  readonly logger?: Logger;
}

/** After so many milliseconds a server that could not accept a connection tries again. */
const pauseAfterFailure = 500;

/** A server that listens. */
export interface HttpServer {
  /** Where it really listens: with the port that the machine chose. */
  readonly address: BindAddress;
  /**
   * Stops to listen and lets the requests that are being answered finish. Calling it again changes nothing.
   * @param within milliseconds that they get. What is not done by then is left to the end of the process.
   * @param kill do not wait any longer. When it is aborted already, all connections are cut.
   */
  close(within: number, kill?: AbortSignal): Promise<void>;
}

/**
 * Starts to listen. A server that cannot accept connections, as when too many are open, says so and goes on with those
 * that it has, and a moment later listens again.
 * @throws ListenError when the address cannot be listened on.
 * @throws TlsError when the certificate cannot be used.
 */
export function startHttpServer(options: HttpServerOptions): HttpServer {
  return new ListeningServer(options);
}

class ListeningServer implements HttpServer {
  readonly address: BindAddress;
  readonly #options: HttpServerOptions;
  readonly #logger: Logger;
  readonly #cut = new AbortController();
  readonly #stopping = new AbortController();
  #server: TcpServer;
  #closing: Promise<void> | undefined;

  constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#logger = options.logger ?? getLogger(["sharding", "http"]);
    this.#server = this.#listen(options.address);
    const { hostname, port } = this.#server.addr;
    this.address = { hostname, port };
    void this.#keepListening();
  }

  close(within: number, kill?: AbortSignal): Promise<void> {
    return this.#closing ??= this.#close(within, kill);
  }

  async #close(within: number, kill: AbortSignal | undefined): Promise<void> {
    this.#stopping.abort();
    if (await closeWithin(this.#server, this.#cut, this.#options.clock, within, kill)) return;
    this.#logger.warn("stopped while requests were still being answered", { server: this.#options.name, within });
  }

  #listen(address: BindAddress): TcpServer {
    return listen({ ...this.#options, address }, this.#cut.signal, (request) => this.#answer(request));
  }

  async #answer(request: Request): Promise<Response> {
    try {
      return await this.#options.handler(request);
    } catch (error) {
      const { name } = this.#options;
      this.#logger.error("a request failed", { server: name, method: request.method, url: request.url, error });
      return new Response("internal server error\n", { status: 500 });
    }
  }

  /** Deno ends a server that cannot accept a connection, but goes on to answer on those that it has. */
  async #keepListening(): Promise<void> {
    const { name, address: { hostname }, clock } = this.#options;
    const { signal } = this.#stopping;
    let server: TcpServer | undefined = this.#server;
    while (true) {
      try {
        await server?.finished;
        server = undefined;
        if (signal.aborted) return;
        await sleep(clock, pauseAfterFailure, signal).catch(() => undefined); // It only rejects when it is to stop.
        if (signal.aborted) return;
        this.#server = server = this.#listen({ hostname, port: this.address.port });
      } catch (error) {
        server = undefined;
        if (!signal.aborted) this.#logger.error("accepts no connections: are too many open?", { server: name, error });
      }
    }
  }
}

/** A server as a part of a program: listens while it runs. */
export class HttpService implements Runnable {
  readonly name: string;
  readonly #options: HttpServerOptions;
  readonly #closeWithin: number;
  readonly #listening = Promise.withResolvers<BindAddress>();

  /** @param closeWithin milliseconds that requests get to finish when the service stops. */
  constructor(options: HttpServerOptions, closeWithin = 5_000) {
    this.name = options.name;
    this.#options = options;
    this.#closeWithin = closeWithin;
  }

  /** Where the service listens, as soon as it does. */
  whenListening(): Promise<BindAddress> {
    return this.#listening.promise;
  }

  /**
   * Serves until `signal` aborts, then closes.
   * @throws ListenError when the address cannot be listened on.
   */
  async run(signal: AbortSignal, kill?: AbortSignal): Promise<void> {
    const server = this.#start();
    await untilAborted(signal);
    await server.close(this.#closeWithin, kill);
  }

  #start(): HttpServer {
    try {
      const server = startHttpServer(this.#options);
      this.#listening.resolve(server.address);
      return server;
    } catch (error) {
      this.#listening.promise.catch(() => undefined); // Whoever runs the service gets the error too.
      this.#listening.reject(error);
      throw error;
    }
  }
}

type TcpServer = Deno.HttpServer<Deno.NetAddr>;

function listen(options: HttpServerOptions, signal: AbortSignal, handler: HttpHandler): TcpServer {
  const { name, address, tls, reusePort = false } = options;
  const common = { port: address.port, reusePort, signal, onListen: (): void => {} };
  const start = (hostname: string): TcpServer =>
    tls === undefined
      ? Deno.serve({ ...common, hostname }, handler)
      : Deno.serve({ ...common, hostname, cert: tls.certificate, key: tls.key }, handler);
  try {
    if (address.hostname !== "") return start(address.hostname);
    try {
      return start("::"); // Takes IPv4 too, as Go's ":port" does.
    } catch (error) {
      if (!isWithoutIpv6(error)) throw error;
      return start("0.0.0.0");
    }
  } catch (cause) {
    if (tls !== undefined && !isAboutAddress(cause)) {
      throw new TlsError(`the ${name} server cannot use its certificate or private key: replace both`, { cause });
    }
    throw new ListenError(
      `the ${name} server cannot listen on ${formatBindAddress(address)}: free the port or configure another address`,
      { cause },
    );
  }
}

/** Is it the machine that says no, and not the TLS library? */
function isAboutAddress(error: unknown): boolean {
  return error instanceof Deno.errors.AddrInUse || error instanceof Deno.errors.AddrNotAvailable ||
    error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable ||
    (error instanceof Error && /\(os error \d+\)|failed to lookup address/.test(error.message));
}

/** Linux without IPv6 says "address family not supported" (97) or "cannot assign requested address" (99). */
function isWithoutIpv6(error: unknown): boolean {
  return error instanceof Deno.errors.AddrNotAvailable ||
    (error instanceof Error && /os error (97|99)\b/.test(error.message));
}

/** @returns false when requests were still being answered at the end. */
async function closeWithin(
  server: TcpServer,
  cut: AbortController,
  clock: Clock,
  within: number,
  kill?: AbortSignal,
): Promise<boolean> {
  if (kill?.aborted === true) {
    cut.abort();
    await server.finished;
    return true;
  }
  const finished = new AbortController();
  const patience = kill === undefined ? finished.signal : AbortSignal.any([finished.signal, kill]);
  const late = sleep(clock, within, patience).catch(() => undefined); // It only rejects when there is no need to wait.
  const done = server.shutdown().finally(() => finished.abort());
  await Promise.race([done, late]);
  if (finished.signal.aborted) return true;
  // Deno cannot cut connections any more once it waits for them. They shall not keep the process from ending.
  server.unref();
  return false;
}
