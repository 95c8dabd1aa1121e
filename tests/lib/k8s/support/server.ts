import { type Authority, createAuthority } from "../../../controlplane/certificates.ts";
import { createRestClient, type KubeRestClient, type RestClientOptions } from "../../../../lib/k8s/client/mod.ts";
import { type ClusterAccess, staticCredentials } from "../../../../lib/k8s/kubeconfig/mod.ts";
import { VirtualClock } from "../../../../lib/util/clock/mod.ts";
import { seededRandom } from "../../../../lib/util/random.ts";

/** A server on the loopback interface that ends with its scope. */
export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly host: string;
}

/** Serves until disposed; over TLS when given a certificate. */
export function serve(
  handler: Deno.ServeHandler,
  tls?: { readonly certificate: string; readonly key: string },
): TestServer {
  const options = { hostname: "127.0.0.1", port: 0, onListen: () => undefined, onError: () => new Response(null) };
  const server = tls === undefined
    ? Deno.serve(options, handler)
    : Deno.serve({ ...options, cert: tls.certificate, key: tls.key }, handler);
  const host = `127.0.0.1:${server.addr.port}`;
  return {
    host,
    url: `${tls === undefined ? "http" : "https"}://${host}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** An anonymous access to a server. */
export function accessTo(server: string, more: Partial<ClusterAccess> = {}): ClusterAccess {
  return { server, namespace: "default", credentials: staticCredentials(), source: "a test", ...more };
}

/** A client of a server, on a virtual clock unless the test brings its own. */
export function clientOf(access: ClusterAccess, options: Partial<RestClientOptions> = {}): KubeRestClient {
  return createRestClient({ config: access, clock: new VirtualClock(), random: seededRandom(1), ...options });
}

let authority: Promise<Authority> | undefined;

/** One certificate authority for all tests of a process. */
export function testAuthority(): Promise<Authority> {
  return authority ??= createAuthority();
}
