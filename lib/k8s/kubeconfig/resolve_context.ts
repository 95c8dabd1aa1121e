import type { ClusterAccess } from "./cluster_access.ts";
import { checkCertificate, decodeData, readFile } from "./files.ts";
import type { Host } from "./host.ts";
import { fieldError, KubeconfigError } from "./kubeconfig_error.ts";
import type { ClusterEntry, ContextEntry, Kubeconfig, UserEntry } from "./kubeconfig_file.ts";
import { type CredentialParts, userCredentials } from "./user_credentials.ts";

/**
 * The access that one context of a kubeconfig describes.
 * @param wanted name of the context; without it the current one
 * @throws KubeconfigError
 */
export async function resolveContext(
  kubeconfig: Kubeconfig,
  wanted: string | undefined,
  parts: CredentialParts,
): Promise<ClusterAccess> {
  const [name, context] = findContext(kubeconfig, wanted);
  const cluster = find(kubeconfig.clusters, context, "cluster", context.cluster);
  const user = context.user === undefined ? undefined : find(kubeconfig.users, context, "user", context.user);
  const { tlsServerName, insecureSkipTlsVerify, proxyUrl, disableCompression } = cluster;
  const certificateAuthority = await readAuthority(cluster, parts.host);
  const server = checkServer(cluster);
  if (proxyUrl !== undefined) checkProxy(cluster, proxyUrl);
  const clusterInfo = clusterInfoOf(cluster, server, certificateAuthority);
  return {
    server,
    ...(certificateAuthority === undefined ? {} : { certificateAuthority }),
    ...(tlsServerName === undefined ? {} : { tlsServerName }),
    ...(insecureSkipTlsVerify === undefined ? {} : { insecureSkipTlsVerify }),
    ...(proxyUrl === undefined ? {} : { proxyUrl }),
    ...(disableCompression === undefined ? {} : { disableCompression }),
    namespace: context.namespace ?? "default",
    impersonation: user === undefined ? [] : impersonationOf(user),
    credentials: user === undefined
      ? { identify: () => Promise.resolve({}), refused: () => undefined }
      : await userCredentials(user, clusterInfo, parts),
    source: `context "${name}" of ${context.file}`,
  };
}

function findContext(kubeconfig: Kubeconfig, wanted: string | undefined): readonly [string, ContextEntry] {
  const { files, contexts, currentContext } = kubeconfig;
  const where = `kubeconfig ${files.join(", ")}`;
  const choices = contexts.size === 0 ? "there are no contexts" : `there are ${quoteAll(contexts.keys())}`;
  const name = wanted ?? currentContext;
  if (name === undefined) {
    throw new KubeconfigError(
      `${where}: current-context: is missing: choose one with \`kubectl config use-context\`: ${choices}`,
    );
  }
  const context = contexts.get(name);
  if (context !== undefined) return [name, context];
  const field = wanted === undefined ? "current-context" : "contexts";
  throw new KubeconfigError(`${where}: ${field}: there is no context "${name}": ${choices}`);
}

function find<T>(entries: ReadonlyMap<string, T>, context: ContextEntry, field: string, name: string | undefined): T {
  if (name === undefined) throw fieldError(context, field, "is missing");
  const entry = entries.get(name);
  if (entry !== undefined) return entry;
  const choices = entries.size === 0 ? `there are no ${field}s` : `there are ${quoteAll(entries.keys())}`;
  throw fieldError(context, field, `there is no ${field} "${name}": ${choices}`);
}

function quoteAll(names: Iterable<string>): string {
  return [...names].map((name) => `"${name}"`).join(", ");
}

function checkServer(cluster: ClusterEntry): string {
  const { server } = cluster;
  const example = "write it like https://203.0.113.1:6443";
  if (server === undefined) throw fieldError(cluster, "server", `is missing: ${example}`);
  const url = URL.parse(server);
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) {
    throw fieldError(cluster, "server", `"${server}" is not the URL of a server: ${example}`);
  }
  if (url.username !== "" || url.search !== "" || url.hash !== "") {
    throw fieldError(cluster, "server", `the URL must be without user name, query and fragment: ${example}`);
  }
  return url.href.replace(/\/+$/, "");
}

function checkProxy(cluster: ClusterEntry, proxyUrl: string): void {
  const { protocol = "" } = URL.parse(proxyUrl) ?? {};
  if (!["http:", "https:", "socks5:", "socks5h:"].includes(protocol)) {
    throw fieldError(cluster, "proxy-url", "is not the URL of an http, https or socks5 proxy");
  }
  if (cluster.tlsServerName !== undefined || cluster.insecureSkipTlsVerify === true) {
    throw fieldError(
      cluster,
      "proxy-url",
      "cannot be combined with tls-server-name or insecure-skip-tls-verify in this program: remove one of them",
    );
  }
}

async function readAuthority(cluster: ClusterEntry, host: Host): Promise<string | undefined> {
  const { certificateAuthority: path, certificateAuthorityData: data } = cluster;
  if (path === undefined && data === undefined) return undefined;
  if (cluster.insecureSkipTlsVerify === true) {
    throw fieldError(
      cluster,
      "insecure-skip-tls-verify",
      "contradicts the certificate authority: remove insecure-skip-tls-verify to verify the server",
    );
  }
  if (data !== undefined) {
    const field = "certificate-authority-data";
    return checkCertificate(cluster, field, decodeData(cluster, field, data));
  }
  const field = "certificate-authority";
  return checkCertificate(cluster, field, await readFile(host, cluster, field, path ?? ""));
}

/** Headers of an impersonation (Kubernetes documentation, "User impersonation"). */
function impersonationOf(user: UserEntry): (readonly [string, string])[] {
  const { as, asUid, asGroups, asUserExtra } = user;
  if (as === undefined) {
    if (asUid === undefined && asGroups.length === 0 && asUserExtra.length === 0) return [];
    throw fieldError(user, "as", "is missing beside as-uid, as-groups or as-user-extra");
  }
  const extra = asUserExtra.flatMap(([key, values]) =>
    values.map((value) => [`Impersonate-Extra-${encodeURIComponent(key.toLowerCase())}`, value] as const)
  );
  const groups = asGroups.map((group) => ["Impersonate-Group", group] as const);
  const uid = asUid === undefined ? [] : [["Impersonate-Uid", asUid] as const];
  return [["Impersonate-User", as], ...uid, ...groups, ...extra];
}

/** What an exec plugin is told of the cluster when it asks (`spec.cluster` of ExecCredential). */
function clusterInfoOf(cluster: ClusterEntry, server: string, authority: string | undefined): unknown {
  const { tlsServerName, insecureSkipTlsVerify, proxyUrl, disableCompression, execConfig } = cluster;
  return {
    server,
    "tls-server-name": tlsServerName,
    "insecure-skip-tls-verify": insecureSkipTlsVerify,
    "certificate-authority-data": authority === undefined ? undefined : new TextEncoder().encode(authority).toBase64(),
    "proxy-url": proxyUrl,
    "disable-compression": disableCompression,
    config: execConfig ?? null,
  };
}
