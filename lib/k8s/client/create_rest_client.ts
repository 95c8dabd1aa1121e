import type { ClusterAccess } from "../kubeconfig/cluster_access.ts";
import type { Clock } from "../../util/clock/mod.ts";
import { getLogger, type Logger } from "../../util/log.ts";
import type { Random } from "../../util/random.ts";
import { FetchTransport } from "./fetch_transport.ts";
import { NodeTransport } from "./node_transport.ts";
import type { RequestObserver } from "./observer.ts";
import { RateLimiter } from "./rate_limiter.ts";
import { KubeRestClient } from "./rest_client.ts";
import type { Transport, TransportOptions } from "./transport.ts";

/** Settings of a connection to an API server. */
export interface RestClientOptions {
  /** Which server and as whom, usually from `loadClusterAccess()`. */
  readonly config: ClusterAccess;
  /** Time of rate limit, time-outs and Retry-After. */
  readonly clock: Clock;
  /** Jitter of the pauses after Retry-After. */
  readonly random: Random;
  /** Hears of retries and of credentials that were refused. @default the logger `sharding.client` */
  readonly logger?: Logger;
  /** Sees every attempt of a request. */
  readonly observer?: RequestObserver;
  /** Requests a second on average. @default no limit */
  readonly qps?: number;
  /** Requests at once, after a pause. @default twice `qps` */
  readonly burst?: number;
  /** How the client introduces itself. @default "controller-sharding-deno" */
  readonly userAgent?: string;
}

/**
 * Opens a client. It connects with the first request; `close()` or `using` gives its connections back.
 * @throws RangeError for a rate limit that is not positive, TypeError for settings that exclude each other.
 */
export function createRestClient(options: RestClientOptions): KubeRestClient {
  const { config, clock, random, observer, qps, userAgent = "controller-sharding-deno" } = options;
  const {
    logger = getLogger(["sharding", "client"]),
    burst = qps === undefined ? 0 : Math.max(1, Math.ceil(2 * qps)),
  } = options;
  return new KubeRestClient({
    access: config,
    transport: createTransport(config, logger),
    clock,
    random,
    logger,
    observer,
    userAgent,
    limiter: qps === undefined ? undefined : new RateLimiter({ qps, burst, clock }),
  });
}

/** fetch, unless it cannot do what the configuration asks for. */
function createTransport(access: ClusterAccess, logger: Logger): Transport {
  const { server, certificateAuthority, tlsServerName, insecureSkipTlsVerify, proxyUrl, disableHttp2 } = access;
  const options: TransportOptions = {
    ...(certificateAuthority === undefined ? {} : { certificateAuthority }),
    ...(tlsServerName === undefined ? {} : { tlsServerName }),
    ...(insecureSkipTlsVerify === undefined ? {} : { insecureSkipTlsVerify }),
    ...(proxyUrl === undefined ? {} : { proxyUrl }),
    http2: disableHttp2 !== true,
  };
  const special = insecureSkipTlsVerify === true || tlsServerName !== undefined;
  if (!special || new URL(server).protocol !== "https:") return new FetchTransport(options);
  if (insecureSkipTlsVerify === true) {
    logger.warn("the API server's certificate is not verified: anybody on the way can read and change everything", {
      server,
      remedy: "set certificate-authority(-data) instead of insecure-skip-tls-verify",
    });
  }
  return new NodeTransport(options);
}
