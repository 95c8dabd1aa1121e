import type { CertificatePair, CertificateSource } from "../lib/certificates/source.ts";
import { type HttpServer, startHttpServer, TlsError } from "../lib/runtime/http_server.ts";
import type { Runnable } from "../lib/runtime/runnable.ts";
import { type BindAddress, formatBindAddress } from "../lib/util/bind_address.ts";
import { type Clock, sleep } from "../lib/util/clock/mod.ts";
import { getLogger, type Logger } from "../lib/util/log.ts";
import type { WebhookApp } from "./app.ts";

/** How to serve the webhook. */
export interface WebhookServerOptions {
  /** Names the server in logs and errors. @default "webhook" */
  readonly name?: string;
  readonly address: BindAddress;
  /** Disposed of when the server has stopped. */
  readonly app: Pick<WebhookApp, "handle"> & Disposable;
  readonly certificates: CertificateSource;
  readonly clock: Clock;
  /**
   * Milliseconds for which requests are still answered after the signal to stop: until then API servers may not have
   * heard that this replica goes. @default 5_000
   */
  readonly grace?: number;
  /**
   * Milliseconds for which the old listener goes on beside the new one when the certificate changes. @default 2_000
   */
  readonly handOver?: number;
  /** Milliseconds that the requests under way get when a listener closes. @default 5_000 */
  readonly closeWithin?: number;
  /** Let the old and the new listener share the port. @default whether Deno can */
  readonly sharePort?: boolean;
  readonly logger?: Logger;
}

/** A listener with its certificate. */
interface Serving {
  readonly server: HttpServer;
  readonly pair: CertificatePair;
  /** Clients are asked to leave: each answer closes its HTTP/1.1 connection. */
  leaving: boolean;
}

/** How long to wait for a port that the last listener is about to free, and how often to look (milliseconds). */
const portPatience = 2_000;
const portInterval = 10;

/**
 * Serves the webhook over TLS (HTTP/1.1, which API servers use for webhooks, and HTTP/2), and goes over to a new
 * certificate while it serves: the new listener shares the port with the old one (SO_REUSEPORT); the old one closes each
 * connection after its next answer, so that clients come to the new one in an orderly way, and then stops.
 *
 * Measured, at the highest load that two cores give: no request is lost on connections that are kept alive. Lost are the
 * connections that the old listener has accepted and that have not sent their first request when it stops, as Deno then
 * closes them: about half of those that are in their TLS handshake at that moment (34 of 4,000 in four changes, with 16
 * clients that opened a connection for each request). API servers keep theirs; `failurePolicy: Ignore` and the next
 * pass cover the rest. Nothing public keeps Deno from it. node:https could change the certificate in place, but costs
 * more than twice the CPU for each request, beyond the budget, and has no HTTP/2.
 *
 * Deno lets TLS listeners share a port only with `--unstable-net` (`"unstable": ["net"]` in deno.json); without it there
 * is a moment in which nobody listens.
 */
export class WebhookServer implements Runnable {
  readonly name: string;
  readonly #options: WebhookServerOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #closeWithin: number;
  readonly #sharesPort: boolean;
  readonly #listening = Promise.withResolvers<BindAddress>();
  readonly #retiring = new Set<Promise<void>>();
  #serving: Serving | undefined;

  constructor(options: WebhookServerOptions) {
    const { clock, closeWithin = 5_000, logger = getLogger(["sharding", "webhook"]) } = options;
    this.name = options.name ?? "webhook";
    this.#options = options;
    this.#clock = clock;
    this.#logger = logger;
    this.#closeWithin = closeWithin;
    this.#sharesPort = options.sharePort ?? canShare();
    this.#listening.promise.catch(() => undefined); // Whoever runs the server gets the error too.
  }

  /** Where the server listens, as soon as it does: when there is a certificate. */
  whenListening(): Promise<BindAddress> {
    return this.#listening.promise;
  }

  /** A health check: throws an error while nobody listens. */
  readonly check = (): void => {
    if (this.#serving === undefined) {
      throw new Error(`the ${this.name} does not listen: is there a serving certificate?`);
    }
  };

  /** The certificate that is served now (PEM); undefined while nobody listens. */
  readonly certificate = (): string | undefined => this.#serving?.pair.certificate;

  /**
   * Serves until `signal` aborts and the grace is over.
   * @throws ListenError when the address cannot be listened on.
   */
  async run(signal: AbortSignal, kill?: AbortSignal): Promise<void> {
    const { certificates, grace = 5_000, app } = this.#options;
    try {
      for await (const pair of certificates.changes(signal)) await this.#serveWith(pair, kill);
      await this.#retire(this.#serving, grace, kill);
      await Promise.all(this.#retiring);
    } catch (error) {
      this.#listening.reject(error);
      throw error;
    } finally {
      // Nothing is left to do here unless something failed.
      await this.#retire(this.#serving, 0, kill);
      this.#serving = undefined;
      app[Symbol.dispose]();
    }
  }

  async #serveWith(pair: CertificatePair, kill: AbortSignal | undefined): Promise<void> {
    const { address, handOver = 2_000 } = this.#options;
    const old = this.#serving;
    if (!this.#sharesPort && old !== undefined) this.#retireLater(old, 0, kill);
    try {
      this.#serving = await this.#start(old?.server.address ?? address, pair);
    } catch (error) {
      if (!(error instanceof TlsError)) throw error;
      this.#logger.error("cannot serve with this certificate, going on with the last good one if there is one", {
        error,
        serving: old !== undefined,
      });
      if (!this.#sharesPort && old !== undefined) this.#serving = await this.#start(old.server.address, old.pair);
      return;
    }
    if (this.#sharesPort && old !== undefined) this.#retireLater(old, handOver, kill);
    this.#listening.resolve(this.#serving.server.address);
    this.#logger.info("serving with a new certificate", {
      server: this.name,
      address: formatBindAddress(this.#serving.server.address),
      renewed: old !== undefined,
    });
  }

  async #start(address: BindAddress, pair: CertificatePair): Promise<Serving> {
    const { app } = this.#options;
    const options = {
      name: this.name,
      address,
      tls: pair,
      reusePort: this.#sharesPort,
      clock: this.#clock,
      logger: this.#logger,
    };
    const until = this.#clock.monotonic() + portPatience;
    while (true) {
      try {
        const handler = async (request: Request): Promise<Response> => {
          const response = await app.handle(request);
          if (serving.leaving) response.headers.set("connection", "close");
          return response;
        };
        const serving: Serving = { server: startHttpServer({ ...options, handler }), pair, leaving: false };
        return serving;
      } catch (error) {
        // Only right after the last listener is it a matter of moments.
        if (this.#serving === undefined || this.#sharesPort || error instanceof TlsError) throw error;
        if (this.#clock.monotonic() >= until) throw error;
        await sleep(this.#clock, portInterval);
      }
    }
  }

  #retireLater(serving: Serving, patience: number, kill: AbortSignal | undefined): void {
    const retiring = this.#retire(serving, patience, kill).finally(() => this.#retiring.delete(retiring));
    this.#retiring.add(retiring);
  }

  /** Asks the clients of a listener to leave, and closes it after `patience` milliseconds. */
  async #retire(serving: Serving | undefined, patience: number, kill: AbortSignal | undefined): Promise<void> {
    if (serving === undefined) return;
    serving.leaving = true;
    // It only rejects when there is no time left.
    if (patience > 0) await sleep(this.#clock, patience, kill).catch(() => undefined);
    await serving.server.close(this.#closeWithin, kill);
  }
}

/** May TLS listeners share a port? Asking Deno itself ends the process when they may not; this comes with the same flag. */
function canShare(): boolean {
  return "listenDatagram" in Deno;
}
