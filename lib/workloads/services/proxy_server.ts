import { connect, createServer, type Socket } from "node:net";

/** Where a proxy listens. */
export interface ProxyServer {
  readonly port: number;
  /** Cuts all connections and stops to listen. */
  close(): Promise<void>;
}

/** Settings of a proxy. */
export interface ProxyOptions {
  /** Port of the loopback interface; 0 lets the machine choose. */
  readonly port: number;
  /** Ports of the loopback interface to try for one more connection, in this order. Without any it is cut at once. */
  readonly targets: () => readonly number[];
  /** A connection could not be served. */
  readonly onRefused: (reason: string) => void;
}

/** Starts a proxy; injected, so that tests need no sockets. Rejects when the port is taken. */
export type ServeProxy = (options: ProxyOptions) => Promise<ProxyServer>;

const loopback = "127.0.0.1";

/** Forwards TCP connections between ports of the loopback interface. */
export async function serveProxy({ port, targets, onRefused }: ProxyOptions): Promise<ProxyServer> {
  const open = new Set<Socket>();
  const keep = (socket: Socket): void => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    // What broke shows as the end of the connection to the other side.
    socket.on("error", () => socket.destroy());
  };
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    keep(client);
    void dial(targets()).then((upstream) => {
      if (upstream === undefined || client.destroyed) {
        if (upstream === undefined) onRefused("no pod takes the connection");
        upstream?.destroy();
        client.destroy();
        return;
      }
      keep(upstream);
      client.on("close", () => upstream.destroy());
      upstream.on("close", () => client.destroy());
      client.pipe(upstream);
      upstream.pipe(client);
    });
  });
  const listening = Promise.withResolvers<void>();
  server.on("error", listening.reject);
  server.listen(port, loopback, () => listening.resolve());
  await listening.promise;
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the proxy has no port");
  return {
    port: address.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}

/** The first target that takes a connection. */
async function dial(targets: readonly number[]): Promise<Socket | undefined> {
  for (const port of targets) {
    const socket = connect({ host: loopback, port, allowHalfOpen: true, noDelay: true });
    const connected = Promise.withResolvers<boolean>();
    socket.once("connect", () => connected.resolve(true));
    socket.once("error", () => connected.resolve(false));
    if (await connected.promise) return socket;
    socket.destroy();
  }
  return undefined;
}
