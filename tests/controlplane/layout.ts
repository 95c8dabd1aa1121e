import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Binaries, MissingAssetsError } from "./assets.ts";
import { type Authority, createAuthority, createSigningKeys } from "./certificates.ts";
import {
  apiServerArguments,
  type ComponentName,
  controllerManagerArguments,
  etcdArguments,
  fileNames,
  kubeletClient,
} from "./components.ts";
import { type Credentials, kubeconfig } from "./kubeconfig.ts";
import { freePorts, loopback } from "./ports.ts";
import type { ComponentPlan, Plan } from "./supervisor_protocol.ts";
import { tokenFile, type TokenUser, type TokenUserAccess } from "./users.ts";

/** Name of the user in group `system:masters`. */
export const administrator = "admin";
/**
 * From SIGTERM to SIGKILL, in milliseconds. The API server would wait a minute for watches to end, which nobody
 * ends; what it writes is in etcd before it answers, so a kill loses nothing.
 */
const stopGrace = 2_000;

/** What is made once, whatever ports it turns out to be. */
export interface Secrets {
  readonly authority: Authority;
  readonly serving: { readonly certificate: string; readonly key: string };
  readonly kubeletClient: { readonly certificate: string; readonly key: string };
  readonly serviceAccountKeys: { readonly privateKey: string; readonly publicKey: string };
  readonly manager: TokenUser;
  readonly users: readonly TokenUser[];
}

/** What a caller may choose. */
export interface LayoutOptions {
  /** Whether to run kube-controller-manager (garbage collector, namespaces, ...). @default {true} */
  readonly controllerManager?: boolean;
  /** More arguments by component; they come last, so they win over ours. */
  readonly flags?: { readonly [name in ComponentName]?: readonly string[] };
}

/** Where one attempt to start has everything. */
export interface Layout {
  readonly plan: Plan;
  readonly server: string;
  readonly users: ReadonlyMap<string, TokenUserAccess>;
}

/**
 * Makes keys, certificates and tokens.
 *
 * @throws {TypeError} when two users have the same name
 */
export async function createSecrets(users: readonly Omit<TokenUser, "token">[]): Promise<Secrets> {
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
    kubeletClient: await authority.issueClient(kubeletClient, []),
    serviceAccountKeys: await createSigningKeys(),
    manager: { name: "system:kube-controller-manager", groups: ["system:masters"], token: crypto.randomUUID() },
    users: [{ name: administrator, groups: ["system:masters"] }, ...users].map((user) => ({
      ...user,
      token: crypto.randomUUID(),
    })),
  };
}

/**
 * Chooses ports and a folder, and says what to run there.
 *
 * @throws {MissingAssetsError} when kube-controller-manager is wanted and there is none
 */
export function createLayout(options: LayoutOptions, binaries: Binaries, secrets: Secrets): Layout {
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
    [fileNames.kubeletClientCertificate]: secrets.kubeletClient.certificate,
    [fileNames.kubeletClientKey]: secrets.kubeletClient.key,
    [fileNames.serviceAccountPrivateKey]: secrets.serviceAccountKeys.privateKey,
    [fileNames.serviceAccountPublicKey]: secrets.serviceAccountKeys.publicKey,
    [fileNames.tokens]: tokenFile([...secrets.users, manager]),
    [fileNames.managerKubeconfig]: write(manager.name, { token: manager.token }),
  };
  for (const [index, user] of [...users.values()].entries()) files[`user-${index}.kubeconfig`] = user.kubeconfig;
  const plan = { folder, files, certificateAuthority: authority.certificate, stopGrace, components };
  return { plan, server, users };
}
