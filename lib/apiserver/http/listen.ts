import { inPieces } from "../../util/in_pieces.ts";

/** How to listen. */
export interface ListenOptions {
  readonly hostname: string;
  /** 0: the machine chooses. */
  readonly port: number;
  /** Both PEM; undefined: plain HTTP. */
  readonly tls: { readonly certificate: string; readonly key: string } | undefined;
  readonly handler: (request: Request) => Promise<Response>;
}

/** A port that is listened on. */
export interface Listener {
  readonly port: number;
  /** Lets the requests that are being answered finish. */
  close(): Promise<void>;
}

/** A port could not be listened on. */
export class ApiListenError extends Error {
  override readonly name = "ApiListenError";
}

/**
 * Listens for HTTP/1.1 and, with TLS, HTTP/2. The one place here that touches the network.
 * @throws ApiListenError
 */
export function listen({ hostname, port, tls, handler }: ListenOptions): Listener {
  const common = { hostname, port, onListen: (): void => {} };
  try {
    const server = tls === undefined ? Deno.serve(common, handler) : Deno.serve(
      { ...common, cert: tls.certificate, key: tls.key },
      async (request) => inPieces(await handler(request)),
    );
    return { port: server.addr.port, close: () => server.shutdown() };
  } catch (cause) {
    const message = `the in-memory API server cannot listen on ${hostname}:${port}: free the port or choose another`;
    throw new ApiListenError(message, { cause });
  }
}
