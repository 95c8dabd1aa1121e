import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Binaries, locateBinaries, MissingAssetsError } from "./assets.ts";
import { type Authority, createAuthority, createSigningKeys } from "./certificates.ts";
import {
  apiServerArguments,
  type ComponentName,
  componentNames,
  controllerManagerArguments,
  etcdArguments,
  fileNames,
} from "./components.ts";
import { type Credentials, kubeconfig } from "./kubeconfig.ts";
import { type KubectlOptions, type KubectlResult, runKubectl } from "./kubectl.ts";
import { freePorts, loopback } from "./ports.ts";
import { SupervisorClient, SupervisorError } from "./supervisor_client.ts";
import type { ComponentPlan, Plan } from "./supervisor_protocol.ts";
import { tokenFile, type TokenUser } from "./users.ts";

/** Settings of {@link startControlPlane}. */
export interface ControlPlaneOptions {
  /**
   * Users, besides the administrator, whom the API server is to know by a token.
   *
   * @default {[]}
   */
  readonly users?: readonly Omit<TokenUser, "token">[];
  /** Whether to run kube-controller-manager (garbage collector, namespaces, ...). @default {true} */
  readonly controllerManager?: boolean;
  /** More arguments by component; they come last, so they win over ours. */
  readonly flags?: { readonly [name in ComponentName]?: readonly string[] };
  /** Gives up the start. It has no effect on a control plane that has started. */
  readonly signal?: AbortSignal;
  /** @default {locateBinaries()} */
  readonly binaries?: Binaries;
}

/** A user's way in. */
export interface UserAccess {
  readonly name: string;
  /** Absolute path of a kubeconfig file for this user. */
  readonly kubeconfigPath: string;
  /** Content of that file. */
  readonly kubeconfig: string;
}

/** A user with a bearer token. */
export interface TokenUserAccess extends UserAccess {
  readonly token: string;
}

/** A user with a client certificate; both PEM. */
export interface CertificateUserAccess extends UserAccess {
  readonly certificate: string;
  readonly key: string;
}

const administrator = "admin";
/**
 * From SIGTERM to SIGKILL, in milliseconds. The API server would wait a minute for watches to end, which nobody
 * ends; what it writes is in etcd before it answers, so a kill loses nothing.
 */
const stopGrace = 2_000;
/** How often to try other ports when somebody took one between the look and the start. */
const portAttempts = 5;

/**
 * Starts etcd, kube-apiserver (RBAC, webhooks on loopback by URL) and kube-controller-manager on free loopback ports,
 * and waits until they can be used: /readyz is green, so the RBAC bootstrap is done, namespace `default` exists and,
 * with kube-controller-manager, so does its service account, which shows that the controllers run.
 *
 * Dispose of it to stop all and remove its folder; a supervisor process does so too when this process dies.
 *
 * @throws {MissingAssetsError} when there are no binaries; says how to get them
 * @throws {SupervisorError} when a component fails; with its last log lines
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const { controllerManager = true, binaries = locateBinaries({ controllerManager }), signal } = options;
  const secrets = await createSecrets(options.users ?? []);
  for (let attempt = 1;; attempt++) {
    signal?.throwIfAborted();
    const layout = planFor(options, binaries, secrets);
    const supervisor = new SupervisorClient(layout.plan.components.map(({ command }) => command), layout.plan.folder);
    const abort = (): void => void supervisor.close();
    signal?.addEventListener("abort", abort, { once: true });
    try {
      const { pids } = await supervisor.request({ do: "run", plan: layout.plan });
      signal?.throwIfAborted();
      return new ControlPlane(supervisor, pids, layout, binaries, secrets);
    } catch (error) {
      await supervisor.close();
      signal?.throwIfAborted();
      if (attempt === portAttempts || !isPortTaken(error)) throw error;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }
}

/** A running control plane. Made by {@link startControlPlane}. */
export class ControlPlane implements AsyncDisposable {
  /** URL of the API server, `https://127.0.0.1:<port>`; it stays the same over a restart. */
  readonly server: string;
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

/** What is made once, whatever ports it turns out to be. */
interface Secrets {
  readonly authority: Authority;
  readonly serving: { readonly certificate: string; readonly key: string };
  readonly serviceAccountKeys: { readonly privateKey: string; readonly publicKey: string };
  readonly manager: TokenUser;
  readonly users: readonly TokenUser[];
}

interface Layout {
  readonly plan: Plan;
  readonly server: string;
  readonly users: ReadonlyMap<string, TokenUserAccess>;
}

async function createSecrets(users: readonly Omit<TokenUser, "token">[]): Promise<Secrets> {
  const names = users.map(({ name }) => name);
  const twice = [administrator, ...names].find((name, index) => names.indexOf(name, index) !== -1);
  if (twice !== undefined) throw new TypeError(`startControlPlane({ users }) names ${twice} twice`);
  const authority = await createAuthority();
  return {
    authority,
    serving: await authority.issueServer([
      { type: "ip", value: loopback },
      { type: "dns", value: "localhost" },
      { type: "dns", value: "kubernetes.default.svc" },
    ]),
    serviceAccountKeys: await createSigningKeys(),
    manager: { name: "system:kube-controller-manager", groups: ["system:masters"], token: crypto.randomUUID() },
    users: [{ name: administrator, groups: ["system:masters"] }, ...users].map((user) => ({
      ...user,
      token: crypto.randomUUID(),
    })),
  };
}

function planFor(options: ControlPlaneOptions, binaries: Binaries, secrets: Secrets): Layout {
  const { controllerManager = true, flags = {} } = options;
  const [etcdPort, apiServerPort] = freePorts(2);
  if (etcdPort === undefined || apiServerPort === undefined) throw new Error("freePorts() gave too few");
  const folder = join(tmpdir(), `controlplane-${crypto.randomUUID()}`);
  const path = (name: string): string => join(folder, name);
  const server = `https://${loopback}:${apiServerPort}`;
  const { authority, manager, serving } = secrets;
  const write = (user: string, credentials: Credentials): string =>
    kubeconfig({ server, certificateAuthority: authority.certificate, user, credentials });
  const users = new Map(secrets.users.map(({ name, token }, index): [string, TokenUserAccess] => [name, {
    name,
    token,
    kubeconfigPath: path(`user-${index}.kubeconfig`),
    kubeconfig: write(name, { token }),
  }]));
  const surroundings = { path, etcdPort, apiServerPort };
  const components: ComponentPlan[] = [
    {
      name: "etcd",
      command: binaries.etcd,
      args: [...etcdArguments(surroundings), ...flags.etcd ?? []],
      probes: [{ url: `http://${loopback}:${etcdPort}/readyz` }],
      ports: [etcdPort],
    },
    {
      name: "kube-apiserver",
      command: binaries.kubeApiserver,
      args: [...apiServerArguments(surroundings), ...flags["kube-apiserver"] ?? []],
      // /readyz covers the RBAC bootstrap, but not the controller that creates namespace `default`.
      probes: [`${server}/readyz`, `${server}/api/v1/namespaces/default`].map((url) => ({ url, token: manager.token })),
      ports: [apiServerPort],
    },
  ];
  if (controllerManager) {
    if (binaries.kubeControllerManager === undefined) {
      throw new MissingAssetsError(`There is no kube-controller-manager in ${binaries.folder}.`);
    }
    components.push({
      name: "kube-controller-manager",
      command: binaries.kubeControllerManager,
      args: [...controllerManagerArguments(surroundings), ...flags["kube-controller-manager"] ?? []],
      probes: [{ url: `${server}/api/v1/namespaces/default/serviceaccounts/default`, token: manager.token }],
      ports: [],
    });
  }
  const files: Record<string, string> = {
    [fileNames.authority]: authority.certificate,
    [fileNames.servingCertificate]: serving.certificate,
    [fileNames.servingKey]: serving.key,
    [fileNames.serviceAccountPrivateKey]: secrets.serviceAccountKeys.privateKey,
    [fileNames.serviceAccountPublicKey]: secrets.serviceAccountKeys.publicKey,
    [fileNames.tokens]: tokenFile([...secrets.users, manager]),
    [fileNames.managerKubeconfig]: write(manager.name, { token: manager.token }),
  };
  for (const [index, user] of [...users.values()].entries()) files[`user-${index}.kubeconfig`] = user.kubeconfig;
  const plan = { folder, files, certificateAuthority: authority.certificate, stopGrace, components };
  return { plan, server, users };
}

function isPortTaken(error: unknown): boolean {
  // The words of POSIX systems and of Windows.
  const words = /address already in use|Only one usage of each socket address/;
  return error instanceof SupervisorError && error.lines.some((line) => words.test(line));
}
