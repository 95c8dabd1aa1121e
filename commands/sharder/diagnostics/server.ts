import { type CertificateSource, fileSource } from "../../../lib/certificates/mod.ts";
import type { RestClient } from "../../../lib/k8s/contract.ts";
import { authorized, DelegatedAuthorizer } from "../../../lib/runtime/authorization/mod.ts";
import type { HttpHandler } from "../../../lib/runtime/http_server.ts";
import { metricsHandler, metricsPath, type Registry } from "../../../lib/runtime/metrics/mod.ts";
import {
  profileHandler,
  type Profiler,
  ProfilerError,
  profilesPath,
  startProfiler,
} from "../../../lib/runtime/profiling/mod.ts";
import type { Runnable } from "../../../lib/runtime/runnable.ts";
import type { BindAddress } from "../../../lib/util/bind_address.ts";
import type { Clock } from "../../../lib/util/clock/mod.ts";
import { describeError, getLogger } from "../../../lib/util/log.ts";
import { WebhookServer } from "../../../webhook/server.ts";
import { selfSignedSource } from "./self_signed_source.ts";

/** What is served to those who look after the sharder. */
export interface DiagnosticsOptions {
  readonly registry: Registry;
  /** Starts a profiler; undefined where profiles are switched off. @throws ProfilerError */
  readonly startProfiler?: () => Promise<Profiler>;
}

/** How to serve it. */
export interface DiagnosticsServerOptions extends DiagnosticsOptions {
  readonly address: BindAddress;
  /** Asks the API server who may look. */
  readonly reviews: RestClient;
  readonly certificates: CertificateSource;
  readonly clock: Clock;
}

/** Metrics and profiles as one handler, without authorization. */
export function diagnosticsHandler(registry: Registry, profiles: HttpHandler | undefined): HttpHandler {
  const metrics = metricsHandler(registry);
  return (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === metricsPath) return metrics(request);
    const isProfile = pathname.startsWith(profilesPath) || `${pathname}/` === profilesPath;
    if (isProfile && profiles !== undefined) return profiles(request);
    return new Response("404 page not found\n", { status: 404 });
  };
}

/** A server that tells where it listens. */
export interface DiagnosticsServer extends Runnable {
  /** As soon as it does; rejects when it cannot. */
  whenListening(): Promise<BindAddress>;
}

/** Serves metrics and profiles over TLS to those whom the API server allows it. */
export function diagnosticsServer(options: DiagnosticsServerOptions): DiagnosticsServer {
  const { registry, address, reviews, certificates, clock } = options;
  const listening = Promise.withResolvers<BindAddress>();
  listening.promise.catch(() => undefined); // Whoever runs the server gets the error too.
  const logger = getLogger(["sharding", "metrics"]);
  return {
    name: "metrics",
    whenListening: () => listening.promise,
    async run(signal, kill): Promise<void> {
      const profiler = await profilerFor(options);
      if (typeof profiler === "string") logger.info("there are no profiles", { problem: profiler });
      try {
        const profiles = profiler === undefined ? undefined : profileHandler(profiler);
        const authorizer = new DelegatedAuthorizer({ client: reviews, clock });
        const handle = authorized(diagnosticsHandler(registry, profiles), authorizer);
        const app = { handle, [Symbol.dispose]: (): void => undefined };
        const server = new WebhookServer({ name: "metrics", address, app, certificates, clock, logger, grace: 0 });
        server.whenListening().then(listening.resolve, listening.reject);
        await server.run(signal, kill);
      } finally {
        if (typeof profiler === "object") profiler[Symbol.dispose]();
      }
    },
  };
}

/** The profiler, why there is none, or undefined where profiles are switched off. */
async function profilerFor(options: DiagnosticsOptions): Promise<Profiler | string | undefined> {
  try {
    return await options.startProfiler?.();
  } catch (error) {
    if (error instanceof ProfilerError) return describeError(error);
    throw error;
  }
}

/** Where certificates for the metrics lie, as in the reference, under the folder for temporary files. */
const certificateFolder = "k8s-metrics-server/serving-certs";

/** The certificate in files if there are any, else one that nobody can check. */
export async function metricsCertificates(
  temporaryDir: string,
  hostname: string,
  readTextFile: (path: string) => Promise<string | undefined>,
  clock: Clock,
): Promise<CertificateSource> {
  const folder = `${temporaryDir.replace(/\/+$/, "")}/${certificateFolder}`;
  const files = { certFile: `${folder}/tls.crt`, keyFile: `${folder}/tls.key` };
  const texts = await Promise.allSettled([files.certFile, files.keyFile].map(readTextFile));
  const areThere = texts.every((text) => text.status === "fulfilled" && text.value !== undefined);
  return areThere ? fileSource({ ...files, clock }) : selfSignedSource(["localhost", hostname], clock);
}

/** Profiles of this process, where Deno lets it: asking for what was not granted would prompt a person at a terminal. */
export async function startGrantedProfiler(clock: Clock): Promise<Profiler> {
  const wanted: object = { name: "sys", kind: "inspector" };
  if (isPermission(wanted) && (await Deno.permissions.query(wanted)).state === "granted") {
    return await startProfiler(clock);
  }
  throw new ProfilerError(
    "cannot profile this process: run it with --allow-sys (not only =hostname), or grant the sys permission " +
      '"inspector" in a configuration file of Deno and run it with -P',
  );
}

/** Deno 2.9 asks for "inspector" and takes it in configuration files, but neither its types nor its flags know it. */
function isPermission(descriptor: object): descriptor is Deno.PermissionDescriptor {
  return "name" in descriptor && descriptor.name === "sys";
}
