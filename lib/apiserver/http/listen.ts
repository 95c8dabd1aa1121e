import { type Clock, sleep } from "../../util/clock/mod.ts";
import { inPieces } from "../../util/in_pieces.ts";

/** How to listen. */
export interface ListenOptions {
  readonly hostname: string;
  /** 0: the machine chooses. */
  readonly port: number;
  /** Both PEM; undefined: plain HTTP. */
  readonly tls: { readonly certificate: string; readonly key: string } | undefined;
  readonly handler: (request: Request) => Promise<Response>;
  readonly clock: Clock;
}

/** A port that is listened on. */
export interface Listener {
  readonly port: number;
  /** Lets the requests that are being answered finish, but waits for none of them longer than two seconds. */
  close(): Promise<void>;
}

/** What a request gets to finish, in milliseconds: answers take a few; an upload may never end. */
const patience = 2_000;

/** A port could not be listened on. */
export class ApiListenError extends Error {
  override readonly name = "ApiListenError";
}

/**
 * Listens for HTTP/1.1 and, with TLS, HTTP/2. The one place here that touches the network.
 * @throws ApiListenError
 */
export function listen({ hostname, port, tls, handler, clock }: ListenOptions): Listener {
  const common = { hostname, port, onListen: (): void => {} };
  try {
    const server = tls === undefined ? Deno.serve(common, handler) : Deno.serve(
      { ...common, cert: tls.certificate, key: tls.key },
      async (request) => inPieces(await handler(request)),
    );
    return { port: server.addr.port, close: () => closeWithin(server, clock) };
  } catch (cause) {
    const message = `the in-memory API server cannot listen on ${hostname}:${port}: free the port or choose another`;
    throw new ApiListenError(message, { cause });
  }
}

async function closeWithin(server: Deno.HttpServer, clock: Clock): Promise<void> {
  const finished = new AbortController();
  const late = sleep(clock, patience, finished.signal).catch(() => undefined); // Rejects when nobody is late.
  await Promise.race([server.shutdown().finally(() => finished.abort()), late]);
  // Deno cannot cut connections once it waits for them. They shall not keep the program from ending.
  if (!finished.signal.aborted) server.unref();
}
