import { isNode, LineCounter, parseDocument } from "yaml";
import { Fields } from "../../util/fields.ts";
import { KubeconfigError, type Place } from "./kubeconfig_error.ts";

/** A `cluster` of a kubeconfig file, as written. */
export interface ClusterEntry extends Place {
  readonly server: string | undefined;
  readonly tlsServerName: string | undefined;
  readonly insecureSkipTlsVerify: boolean | undefined;
  readonly certificateAuthority: string | undefined;
  readonly certificateAuthorityData: string | undefined;
  readonly proxyUrl: string | undefined;
  readonly disableCompression: boolean | undefined;
  /** The extension `client.authentication.k8s.io/exec`, handed to exec plugins. */
  readonly execConfig: unknown;
}

/** A `user` of a kubeconfig file, as written. */
export interface UserEntry extends Place {
  readonly token: string | undefined;
  readonly tokenFile: string | undefined;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly clientCertificate: string | undefined;
  readonly clientCertificateData: string | undefined;
  readonly clientKey: string | undefined;
  readonly clientKeyData: string | undefined;
  /** Names an auth provider, which Kubernetes 1.26 removed. */
  readonly authProvider: string | undefined;
  readonly exec: ExecEntry | undefined;
  readonly as: string | undefined;
  readonly asUid: string | undefined;
  readonly asGroups: readonly string[];
  readonly asUserExtra: readonly (readonly [string, readonly string[]])[];
}

/** How to run a credential plugin. */
export interface ExecEntry extends Place {
  readonly apiVersion: string | undefined;
  readonly command: string | undefined;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly installHint: string | undefined;
  readonly provideClusterInfo: boolean;
  readonly interactiveMode: "Never" | "IfAvailable" | "Always" | undefined;
}

/** A `context` of a kubeconfig file, as written. */
export interface ContextEntry extends Place {
  readonly cluster: string | undefined;
  readonly user: string | undefined;
  readonly namespace: string | undefined;
}

/** One kubeconfig file, or several merged. Of equal names the first counts, whole entries at a time, as in kubectl. */
export interface Kubeconfig {
  readonly files: readonly string[];
  readonly currentContext: string | undefined;
  readonly clusters: ReadonlyMap<string, ClusterEntry>;
  readonly users: ReadonlyMap<string, UserEntry>;
  readonly contexts: ReadonlyMap<string, ContextEntry>;
}

/**
 * Reads the text of a kubeconfig file. Only the form is checked: what an unused entry means does not matter.
 * @throws KubeconfigError with all that is wrong
 */
export function parseKubeconfig(text: string, file: string): Kubeconfig {
  const lines = new LineCounter();
  // Without pretty errors: those quote the line, which may hold a token.
  const document = parseDocument(text, { prettyErrors: false, lineCounter: lines });
  const [fault] = document.errors;
  if (fault !== undefined) {
    const { line, col } = lines.linePos(fault.pos[0]);
    // What follows a colon is a part of the text.
    const [what] = fault.message.split(": ");
    throw new KubeconfigError(`kubeconfig ${file} is not YAML: line ${line}, column ${col}: ${what}`);
  }
  const problems: string[] = [];
  const root = new Fields(valueOf(document, file), "", problems);
  root.choice("apiVersion", ["v1"]);
  root.choice("kind", ["Config"]);
  const kubeconfig = {
    files: [file],
    currentContext: nonEmpty(root.string("current-context")),
    clusters: named(root, "clusters", "cluster", (fields, index) => {
      const names = fields.objects("extensions").map((extension) => extension.string("name"));
      const at = ["clusters", index, "cluster", "extensions", names.indexOf(execExtension), "extension"];
      const node = names.includes(execExtension) ? document.getIn(at, true) : undefined;
      return readCluster(fields, file, isNode(node) ? node.toJS(document) : undefined);
    }),
    users: named(root, "users", "user", (fields) => readUser(fields, file)),
    contexts: named(root, "contexts", "context", (fields) => readContext(fields, file)),
  };
  if (problems.length > 0) throw new KubeconfigError(`kubeconfig ${file}: ${problems.join("; ")}`);
  return kubeconfig;
}

function valueOf(document: ReturnType<typeof parseDocument>, file: string): unknown {
  try {
    return document.toJS();
  } catch {
    // Without the cause, which names the alias: it may be a token that begins with an asterisk.
    throw new KubeconfigError(
      `kubeconfig ${file} is not YAML: an alias (*name) has no anchor: put quotes around the text`,
    );
  }
}

const execExtension = "client.authentication.k8s.io/exec";

/** One view of several files. */
export function mergeKubeconfigs(files: readonly Kubeconfig[]): Kubeconfig {
  return {
    files: files.flatMap((file) => file.files),
    currentContext: files.find((file) => file.currentContext !== undefined)?.currentContext,
    clusters: firstOfEach(files.map((file) => file.clusters)),
    users: firstOfEach(files.map((file) => file.users)),
    contexts: firstOfEach(files.map((file) => file.contexts)),
  };
}

function firstOfEach<T>(maps: readonly ReadonlyMap<string, T>[]): Map<string, T> {
  return new Map(maps.toReversed().flatMap((map) => [...map]));
}

function named<T>(
  root: Fields,
  list: string,
  field: string,
  read: (entry: Fields, index: number) => T,
): Map<string, T> {
  const entries = new Map<string, T>();
  for (const [index, item] of root.objects(list).entries()) {
    const name = item.string("name");
    const entry = read(item.object(field), index);
    if (name === undefined || name === "") item.problem("name", "is missing");
    else if (entries.has(name)) item.problem("name", `"${name}" is there twice: remove or rename one`);
    else entries.set(name, entry);
  }
  return entries;
}

function readCluster(fields: Fields, file: string, execConfig: unknown): ClusterEntry {
  return {
    file,
    path: fields.path,
    server: nonEmpty(fields.string("server")),
    tlsServerName: nonEmpty(fields.string("tls-server-name")),
    insecureSkipTlsVerify: fields.boolean("insecure-skip-tls-verify"),
    certificateAuthority: nonEmpty(fields.string("certificate-authority")),
    certificateAuthorityData: nonEmpty(fields.string("certificate-authority-data")),
    proxyUrl: nonEmpty(fields.string("proxy-url")),
    disableCompression: fields.boolean("disable-compression"),
    execConfig,
  };
}

function readUser(fields: Fields, file: string): UserEntry {
  const extra = fields.object("as-user-extra");
  return {
    file,
    path: fields.path,
    token: nonEmpty(fields.string("token")),
    tokenFile: nonEmpty(fields.string("tokenFile")),
    username: nonEmpty(fields.string("username")),
    password: nonEmpty(fields.string("password")),
    clientCertificate: nonEmpty(fields.string("client-certificate")),
    clientCertificateData: nonEmpty(fields.string("client-certificate-data")),
    clientKey: nonEmpty(fields.string("client-key")),
    clientKeyData: nonEmpty(fields.string("client-key-data")),
    authProvider: fields.has("auth-provider") ? fields.object("auth-provider").string("name") ?? "?" : undefined,
    exec: fields.has("exec") ? readExec(fields.object("exec"), file) : undefined,
    as: nonEmpty(fields.string("as")),
    asUid: nonEmpty(fields.string("as-uid")),
    asGroups: fields.strings("as-groups") ?? [],
    // unread() lists the keys, as nobody has asked for any.
    asUserExtra: extra.unread().map((key) => [key, extra.strings(key) ?? []] as const),
  };
}

function readExec(fields: Fields, file: string): ExecEntry {
  const env = fields.objects("env").map((entry) => [entry.string("name") ?? "", entry.string("value") ?? ""] as const);
  return {
    file,
    path: fields.path,
    apiVersion: nonEmpty(fields.string("apiVersion")),
    command: nonEmpty(fields.string("command")),
    args: fields.strings("args") ?? [],
    env: Object.fromEntries(env.filter(([name]) => name !== "")),
    installHint: nonEmpty(fields.string("installHint")),
    provideClusterInfo: fields.boolean("provideClusterInfo") ?? false,
    interactiveMode: fields.choice("interactiveMode", ["Never", "IfAvailable", "Always"]),
  };
}

function readContext(fields: Fields, file: string): ContextEntry {
  return {
    file,
    path: fields.path,
    cluster: nonEmpty(fields.string("cluster")),
    user: nonEmpty(fields.string("user")),
    namespace: nonEmpty(fields.string("namespace")),
  };
}

/** Kubectl treats an empty field like an absent one. */
function nonEmpty(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}
