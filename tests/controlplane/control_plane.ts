import { join } from "node:path";
import { type Binaries, locateBinaries } from "./assets.ts";
import type { Authority } from "./certificates.ts";
import { type ComponentName, componentNames, kubeletClient } from "./components.ts";
import { kubeconfig } from "./kubeconfig.ts";
import { type KubectlOptions, type KubectlResult, runKubectl } from "./kubectl.ts";
import { administrator, createLayout, createSecrets, type Layout, type LayoutOptions, type Secrets } from "./layout.ts";
import { loopback } from "./ports.ts";
import { SupervisorClient, SupervisorError } from "./supervisor_client.ts";
import type { CertificateUserAccess, TokenUser, TokenUserAccess } from "./users.ts";

/** Settings of {@link startControlPlane}. */
export interface ControlPlaneOptions extends LayoutOptions {
  /**
   * Users, besides the administrator, whom the API server is to know by a token.
   *
   * @default {[]}
   */
  readonly users?: readonly Omit<TokenUser, "token">[];
  /** Gives up the start. It has no effect on a control plane that has started. */
  readonly signal?: AbortSignal;
  /** @default {locateBinaries()} */
  readonly binaries?: Binaries;
}

/** How often to try other ports when somebody took one between the look and the start. */
const portAttempts = 5;

/**
 * Starts etcd, kube-apiserver (RBAC, webhooks on loopback by URL) and kube-controller-manager on free loopback ports,
 * and waits until they can be used: /readyz is green, so the RBAC bootstrap is done, namespace `default` exists and,
 * with kube-controller-manager, so does its service account, which shows that the controllers run.
 *
 * ```ts
 * await using controlPlane = await startControlPlane({ users: [serviceAccountUser("sharding-system", "sharder")] });
 * await controlPlane.kubectl(["apply", "-f", "-"], { stdin: manifests });
 * ```
 *
 * Dispose of it to stop all and remove its folder; a supervisor process does so too when this process dies.
 *
 * @throws {MissingAssetsError} when there are no binaries; says how to get them
 * @throws {SupervisorError} when a component fails; with its last log lines
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const { controllerManager = true, binaries = locateBinaries({ controllerManager }) } = options;
  const secrets = await createSecrets(options.users ?? []);
  for (let attempt = 1;; attempt++) {
    try {
      return await start(createLayout(options, binaries, secrets), binaries, secrets, options.signal);
    } catch (error) {
      if (attempt === portAttempts || !isPortTaken(error)) throw error;
    }
  }
}

async function start(
  layout: Layout,
  binaries: Binaries,
  secrets: Secrets,
  signal: AbortSignal | undefined,
): Promise<ControlPlane> {
  const { plan } = layout;
  signal?.throwIfAborted();
  await using stack = new globalThis.AsyncDisposableStack();
  const supervisor = stack.use(new SupervisorClient(plan.components.map(({ command }) => command), plan.folder));
  const abort = (): void => {
    // The end of its standard input ends the request below; whether closing went well, the stack will tell.
    supervisor.close().catch(() => {});
  };
  signal?.addEventListener("abort", abort, { once: true });
  try {
    const { pids } = await supervisor.request({ do: "run", plan });
    signal?.throwIfAborted();
    stack.move();
    return new ControlPlane(supervisor, pids, layout, binaries, secrets);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

/** A running control plane. Made by {@link startControlPlane}. */
export class ControlPlane implements AsyncDisposable {
  /** URL of the API server, `https://127.0.0.1:<port>`; it stays the same over a restart. */
  readonly server: string;
  /** URL of etcd, without TLS. */
  readonly etcd: string;
  /** Certificate authority of the API server (and of client certificates), PEM. */
  readonly certificateAuthority: string;
  /** The user `admin` in group `system:masters`. */
  readonly admin: TokenUserAccess;
  /** Folder with all files of this control plane; removed at the end. Tests may put files of their own there. */
  readonly folder: string;
  /** The binaries in use. */
  readonly binaries: Binaries;
  readonly #supervisor: SupervisorClient;
  readonly #users: ReadonlyMap<string, TokenUserAccess>;
  readonly #authority: Authority;
  #pids: Readonly<Record<string, number>>;

  constructor(
    supervisor: SupervisorClient,
    pids: Readonly<Record<string, number>>,
    layout: Layout,
    binaries: Binaries,
    secrets: Secrets,
  ) {
    this.#supervisor = supervisor;
    this.#pids = pids;
    this.#users = layout.users;
    this.#authority = secrets.authority;
    this.server = layout.server;
    const { ports: [etcdPort] = [] } = layout.plan.components.find(({ name }) => name === "etcd") ?? {};
    this.etcd = `http://${loopback}:${etcdPort}`;
    this.certificateAuthority = secrets.authority.certificate;
    this.folder = layout.plan.folder;
    this.binaries = binaries;
    this.admin = this.user(administrator);
  }

  /** Path of the administrator's kubeconfig. */
  get kubeconfig(): string {
    return this.admin.kubeconfigPath;
  }

  /** Process ids of what runs, by component, as of the last start or stop; and of the supervisor. */
  get pids(): Readonly<Partial<Record<ComponentName, number>>> & { readonly supervisor: number } {
    return { ...this.#pids, supervisor: this.#supervisor.pid };
  }

  /** A user that was named at the start. @throws {Error} when there was none of this name */
  user(name: string): TokenUserAccess {
    const user = this.#users.get(name);
    if (user !== undefined) return user;
    throw new Error(
      `No user ${name}: the API server reads its tokens once, so name it in startControlPlane({ users }); ` +
        `it knows ${[...this.#users.keys()].join(", ")}`,
    );
  }

  /** A user with a client certificate; it need not have been named at the start. */
  async certificateUser(name: string, groups: readonly string[] = []): Promise<CertificateUserAccess> {
    const issued = await this.#authority.issueClient(name, groups);
    const content = kubeconfig({
      server: this.server,
      certificateAuthority: this.certificateAuthority,
      user: name,
      credentials: issued,
    });
    const path = join(this.folder, `certificate-${crypto.randomUUID()}.kubeconfig`);
    await Deno.writeTextFile(path, content, { mode: 0o600 });
    return { name, ...issued, kubeconfig: content, kubeconfigPath: path };
  }

  /**
   * How a node on loopback serves its logs: with a certificate that the API server trusts, for nobody but it.
   */
  async kubeletServing(): Promise<
    {
      readonly certificate: string;
      readonly key: string;
      readonly clientAuthority: string;
      readonly clientNames: string[];
    }
  > {
    const pair = await this.#authority.issueServer([{ type: "ip", value: loopback }]);
    return { ...pair, clientAuthority: this.certificateAuthority, clientNames: [kubeletClient] };
  }

  /**
   * Runs the built kubectl, never the system's, as the administrator or as `options.user`. Does not throw for an
   * exit code other than 0.
   */
  async kubectl(args: readonly string[], options: KubectlOptions = {}): Promise<KubectlResult> {
    const { user = administrator } = options;
    const path = typeof user === "string" ? this.user(user).kubeconfigPath : user.kubeconfigPath;
    return await runKubectl(this.binaries.kubectl, path, join(this.folder, "kubectl-cache"), args, options);
  }

  /** The last log lines of one component, or of all, each under a heading. For the message of a failed test. */
  async logs(component?: ComponentName, lines = 40): Promise<string> {
    const names = component === undefined ? componentNames : [component];
    const parts: string[] = [];
    for (const name of names) {
      // kube-controller-manager may have been left out.
      if (component === undefined && this.#pids[name] === undefined && name !== "kube-apiserver") continue;
      const reply = await this.#supervisor.request({ do: "logs", component: name, lines });
      parts.push(`--- ${name}, last ${reply.lines.length} lines\n${reply.lines.join("\n")}\n`);
    }
    return parts.join("");
  }

  /**
   * Stops the API server: SIGTERM and, 2 s later, SIGKILL. Returns when its port is free.
   *
   * @param options `kill`: crash it with SIGKILL at once
   */
  async stopApiServer(options: { readonly kill?: boolean } = {}): Promise<void> {
    const { kill = false } = options;
    this.#pids = (await this.#supervisor.request({ do: "stop", component: "kube-apiserver", kill })).pids;
  }

  /** Starts the stopped API server again on the same port and waits until it is ready. */
  async startApiServer(): Promise<void> {
    this.#pids = (await this.#supervisor.request({ do: "start", component: "kube-apiserver" })).pids;
  }

  /** Stops all and removes the folder. May be called more than once. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#supervisor.close();
  }
}

function isPortTaken(error: unknown): boolean {
  // The words of POSIX systems and of Windows.
  const words = /address already in use|Only one usage of each socket address/;
  return error instanceof SupervisorError && error.lines.some((line) => words.test(line));
}
