import type { JSONValue, RequestOptions, RestClient } from "../contract.ts";
import { ConnectionError, InvalidObjectError } from "../errors.ts";
import type { ClusterAccess, UserIdentity } from "../kubeconfig/cluster_access.ts";
import { type Clock, DeadlineError, sleep } from "../../util/clock/mod.ts";
import type { Logger } from "../../util/log.ts";
import { jitter, type Random } from "../../util/random.ts";
import { Call, guardBody } from "./call.ts";
import { CommonHeaders } from "./common_headers.ts";
import { apiError, connectionError } from "./failures.ts";
import { publicExcerpt, readJsonLines } from "./json_lines.ts";
import { type RequestObserver, requestVerb } from "./observer.ts";
import type { RateLimiter } from "./rate_limiter.ts";
import { parseRetryAfter, retryWait } from "./retry_after.ts";
import { TimeLimits } from "./time_limits.ts";
import type { Transport } from "./transport.ts";
import { transportRequest } from "./transport_request.ts";

/** What a {@link KubeRestClient} is made of. */
export interface RestClientParts {
  readonly access: ClusterAccess;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly userAgent: string;
  readonly observer?: RequestObserver | undefined;
  readonly limiter?: RateLimiter | undefined;
}

/** The API server itself ends requests after 60 s (watches aside, whose answers begin at once), in milliseconds. */
const longestHead = 70_000;

/** Long lists over slow lines take their time, in milliseconds. */
const longestBody = 300_000;

/** A RestClient over HTTP: credentials, retries on the server's demand, rate limit, errors, decoding. */
export class KubeRestClient implements RestClient {
  readonly defaultNamespace: string;
  readonly #parts: RestClientParts;
  readonly #host: string;
  readonly #headers: CommonHeaders;
  readonly #heads: TimeLimits;
  readonly #bodies: TimeLimits;
  readonly #calls = new Set<Call>();
  #closed = false;

  /** See {@link createRestClient}, which makes the parts too. */
  constructor(parts: RestClientParts) {
    this.#parts = parts;
    this.#host = hostOf(parts.access.server);
    this.#headers = new CommonHeaders(parts.access, parts.userAgent);
    this.#heads = new TimeLimits(parts.clock, longestHead);
    this.#bodies = new TimeLimits(parts.clock, longestBody);
    this.defaultNamespace = parts.access.namespace;
  }

  /** Always rejects: `never` fits the tunnels of every version of the contract. */
  performRequest(opts: RequestOptions & { expectTunnel: string[] }): Promise<never>;
  /** Sends a request whose answer comes value by value, such as a watch. */
  performRequest(opts: RequestOptions & { expectStream: true; expectJson: true }): Promise<ReadableStream<JSONValue>>;
  /** Sends a request whose answer is wanted byte by byte as it arrives, such as a log. */
  performRequest(opts: RequestOptions & { expectStream: true }): Promise<ReadableStream<Uint8Array>>;
  /** Sends a request whose answer is one JSON value. */
  performRequest(opts: RequestOptions & { expectJson: true }): Promise<JSONValue>;
  /** Sends a request and gives the bytes of its answer. */
  performRequest(opts: RequestOptions): Promise<Uint8Array>;
  async performRequest(
    opts: RequestOptions,
  ): Promise<ReadableStream<JSONValue> | ReadableStream<Uint8Array> | JSONValue | Uint8Array> {
    const what = `${opts.method} ${opts.path}`;
    if (opts.expectTunnel !== undefined) {
      throw new Error(`${what}: tunnels (exec, attach, port-forward) are not supported by this client`);
    }
    if (this.#closed) throw this.#closedError(what);
    const call = new Call(opts.abortSignal, this.#calls);
    let streams = false;
    try {
      const response = await this.#send(opts, what, call);
      if (!response.ok) await this.#refuse(what, response, call);
      if (opts.expectStream === true) {
        const stream = this.#stream(response, what, call);
        streams = true;
        return opts.expectJson === true ? readJsonLines(stream, what) : stream;
      }
      return await this.#read(response, what, call, opts.expectJson === true);
    } finally {
      if (!streams) call[Symbol.dispose]();
    }
  }

  /** Ends all requests under way and gives back the connections. */
  close(): void {
    this.#closed = true;
    for (const call of this.#calls) call.abort(this.#closedError("a request"));
    this.#parts.transport.close();
  }

  /** Closes the connections; requests under way fail. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Sends the request until the server neither refuses the credentials nor asks to come back later. */
  async #send(opts: RequestOptions, what: string, call: Call): Promise<Response> {
    const { access, clock, random, logger, limiter } = this.#parts;
    const { signal } = call;
    let renewed = false;
    for (let retries = 0;; retries++) {
      signal.throwIfAborted();
      await limiter?.acquire(signal);
      const identity = await access.credentials.identify(signal);
      const response = await this.#attempt(opts, what, identity, call);
      if (opts.bodyStream !== undefined) return response; // It is used up.
      if (response.status === 401) {
        access.credentials.refused(identity);
        if (renewed || !await this.#hasNewer(identity, response, signal)) return response;
        renewed = true;
        await response.body?.cancel();
        continue;
      }
      const retryAfter = parseRetryAfter(response.headers.get("retry-after"), clock.now());
      const seconds = retryWait(response.status, retryAfter, retries);
      if (seconds === undefined) return response;
      await response.body?.cancel();
      logger.debug("waiting as the API server asks", { request: what, code: response.status, seconds, retries });
      await sleep(clock, jitter(random, seconds * 1_000, 0.1), signal);
    }
  }

  /** Are there other credentials by now? When there are none to be had, the answer is given back. */
  async #hasNewer(identity: UserIdentity, response: Response, signal: AbortSignal): Promise<boolean> {
    try {
      return !sameIdentity(identity, await this.#parts.access.credentials.identify(signal));
    } catch (error) {
      await response.body?.cancel();
      throw error;
    }
  }

  async #attempt(opts: RequestOptions, what: string, identity: UserIdentity, call: Call): Promise<Response> {
    const { access, clock, observer, transport } = this.#parts;
    const request = transportRequest(opts, access.server, this.#headers.of(identity), call);
    using _limit = this.#limit(call, what, this.#heads);
    opts.beforeSend?.(); // Nothing may be waited for between this and send().
    const begin = clock.monotonic();
    let code = "<error>";
    try {
      const response = await transport.send(request, identity.certificate);
      code = String(response.status);
      return response;
    } catch (cause) {
      throw this.#failure(what, cause, call.signal);
    } finally {
      const { method, path, querystring } = opts;
      const seconds = (clock.monotonic() - begin) / 1_000;
      observer?.onRequest({
        verb: requestVerb(method, path, querystring),
        method,
        host: this.#host,
        code,
        seconds,
        path,
      });
    }
  }

  /** Gives up a request whose answer does not come, and its connection with it: nobody else may notice for hours. */
  #limit(call: Call, what: string, limits: TimeLimits): Disposable {
    return limits.begin(() => {
      const cause = new DeadlineError(`no answer within ${limits.length / 1_000} s`);
      call.abort(connectionError(what, this.#host, cause));
      this.#parts.transport.renew();
    });
  }

  async #refuse(what: string, response: Response, call: Call): Promise<never> {
    const retryAfter = parseRetryAfter(response.headers.get("retry-after"), this.#parts.clock.now());
    throw apiError(what, response, await this.#text(response, what, call), retryAfter);
  }

  #stream(response: Response, what: string, call: Call): ReadableStream<Uint8Array> {
    const body = response.body ?? new Blob([]).stream();
    const { signal } = call;
    return guardBody(body, signal, (cause) => this.#failure(what, cause, signal), () => call[Symbol.dispose]());
  }

  async #read(response: Response, what: string, call: Call, json: boolean): Promise<JSONValue | Uint8Array> {
    if (!json) {
      using _limit = this.#limit(call, what, this.#bodies);
      try {
        return await response.bytes();
      } catch (cause) {
        throw this.#failure(what, cause, call.signal);
      }
    }
    const text = await this.#text(response, what, call);
    try {
      return JSON.parse(text);
    } catch {
      const type = response.headers.get("content-type") ?? "no content type";
      // Without the cause: the parser's words quote the text wherever it is at fault.
      throw new InvalidObjectError(
        `${what}: the answer of ${this.#host} is not JSON (${type}): ${publicExcerpt(text)}: is the server URL right?`,
      );
    }
  }

  async #text(response: Response, what: string, call: Call): Promise<string> {
    using _limit = this.#limit(call, what, this.#bodies);
    try {
      return await response.text();
    } catch (cause) {
      throw this.#failure(what, cause, call.signal);
    }
  }

  #failure(what: string, cause: unknown, signal: AbortSignal): unknown {
    if (!signal.aborted) return connectionError(what, this.#host, cause);
    // A request that ran into a deadline may have been on a connection whose other end is gone without a word.
    // With HTTP/2 all later requests would go there too, until the operating system gives up after minutes.
    if (signal.reason instanceof DeadlineError && !this.#closed) this.#parts.transport.renew();
    return signal.reason;
  }

  #closedError(what: string): ConnectionError {
    return new ConnectionError(`${what}: the client of ${this.#host} is closed`);
  }
}

function sameIdentity(a: UserIdentity, b: UserIdentity): boolean {
  return a.authorization === b.authorization && a.certificate?.certificate === b.certificate?.certificate &&
    a.certificate?.key === b.certificate?.key;
}

/** Host and port, also where the port is the usual one. */
function hostOf(server: string): string {
  const url = new URL(server);
  return url.port === "" ? `${url.hostname}:${url.protocol === "http:" ? 80 : 443}` : url.host;
}
