import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import { createAuthority, issueServingCertificate } from "../../../lib/certificates/issue.ts";
import { type ControlPlane, type ControlPlaneOptions, startControlPlane } from "../../controlplane/control_plane.ts";
import { freePorts } from "../../controlplane/ports.ts";
import { eventually } from "../../controlplane/processes.ts";
import { serviceAccountUser } from "../../controlplane/users.ts";
import { mainCommand, Process, type Program } from "./process.ts";
import { TcpBalancer } from "./tcp_balancer.ts";

export const ring = "checksum-controller";
export const sharderUser = serviceAccountUser("sharding-system", "sharder");
export const shardUser = serviceAccountUser("default", "checksum-controller");
const deploy = fileURLToPath(new URL("../../../deploy", import.meta.url));

/** A sharder replica and the port of its webhook. */
export interface Replica {
  readonly process: Process;
  readonly port: number;
}

/** Options of {@link install}. */
export interface InstallOptions {
  /** Folders below deploy/ that are applied; "namespace": only sharding-system. @default all the example needs */
  readonly manifests?: readonly string[];
  /** More arguments of the servers. @default none */
  readonly flags?: ControlPlaneOptions["flags"];
  /** What runs our commands. @default {mainCommand}: the source */
  readonly program?: Program;
}

/** A real control plane with our manifests, on which sharders and shards run as processes with their own rights. */
export class Installation implements AsyncDisposable {
  readonly controlPlane: ControlPlane;
  /** In front of the sharders' webhooks, where a cluster has a Service. */
  readonly balancer = new TcpBalancer();
  readonly #processes: Process[] = [];
  readonly #replicas: Replica[] = [];
  readonly #program: Program;
  /** Of the webhook's serving certificate, PEM. */
  readonly certificateAuthority: string;

  constructor(controlPlane: ControlPlane, certificateAuthority: string, program: Program) {
    this.controlPlane = controlPlane;
    this.certificateAuthority = certificateAuthority;
    this.#program = program;
  }

  /** Output of a kubectl that has to succeed; it runs as administrator. */
  async kubectl(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.controlPlane.kubectl(args);
    assert.equal(code, 0, `kubectl ${args.join(" ")}: ${stderr}`);
    return stdout;
  }

  /** Applies a folder below deploy/ as the README says. */
  async applyFolder(folder: string): Promise<void> {
    await this.kubectl("apply", "--server-side", "-k", `${deploy}/${folder}`);
    const crd = "crd/controllerrings.sharding.timebertt.dev";
    if (folder === "crds") await this.kubectl("wait", "--for=condition=Established", crd);
  }

  /** Applies manifests. */
  async apply(manifests: string): Promise<void> {
    const { code, stderr } = await this.controlPlane.kubectl(["apply", "--server-side", "-f", "-"], {
      stdin: manifests,
    });
    assert.equal(code, 0, `kubectl apply: ${stderr}`);
  }

  /** Starts one more replica of the sharder. Does not wait until it is ready. */
  async startSharder(settings: Readonly<Record<string, unknown>> = {}): Promise<Replica & { readonly health: string }> {
    const index = this.#replicas.length;
    const [port = 0, health = 0] = await freePorts(2);
    const config = {
      apiVersion: "config.sharding.timebertt.dev/v1alpha1",
      kind: "SharderConfig",
      health: { bindAddress: `127.0.0.1:${health}` },
      // All replicas share this machine's ports.
      metrics: { bindAddress: "0" },
      webhook: {
        server: { bindAddress: `127.0.0.1:${port}`, certDir: this.controlPlane.folder },
        config: {
          clientConfig: { url: `https://127.0.0.1:${this.balancer.port}/`, caBundle: btoa(this.certificateAuthority) },
        },
      },
      ...settings,
    };
    const file = join(this.controlPlane.folder, `sharder-${index}.yaml`);
    await Deno.writeTextFile(file, stringify(config));
    const { kubeconfigPath } = this.controlPlane.user(sharderUser.name);
    const args = ["sharder", "--config", file, "--kubeconfig", kubeconfigPath, "--zap-devel"];
    const process = await this.#start(`sharder-${index}`, args);
    const replica = { process, port, health: `http://127.0.0.1:${health}` };
    this.#replicas.push(replica);
    this.balancer.use(...this.#replicas.map(({ port }) => port));
    return replica;
  }

  /** Starts a sharder and waits until it says that it is ready. */
  async startReadySharder(): Promise<Replica> {
    const replica = await this.startSharder();
    await eventually(`${replica.process.name} is ready`, async () => {
      const response = await fetch(`${replica.health}/readyz`).catch(() => undefined);
      await response?.body?.cancel();
      return response?.ok === true;
    });
    return replica;
  }

  /** The webhook answers no more, or again. */
  set webhook(state: "up" | "down") {
    this.balancer.use(...(state === "up" ? this.#replicas.map(({ port }) => port) : []));
  }

  /** Starts a shard and waits until the ring counts it as ready. */
  async startShard(name: string): Promise<Process> {
    const { kubeconfigPath } = this.controlPlane.user(shardUser.name);
    const args = ["checksum-controller", "--shard-name", name, "--lease-namespace", "default", "--zap-devel"];
    const process = await this.#start(name, [...args, "--kubeconfig", kubeconfigPath]);
    await eventually(`${name} is ready`, async () => (await this.leaseStates()).get(name) === "ready");
    return process;
  }

  /** The state label of each shard's Lease. */
  async leaseStates(): Promise<ReadonlyMap<string, string>> {
    const path =
      '{range .items[*]}{.metadata.name} {.metadata.labels.alpha\\.sharding\\.timebertt\\.dev/state}{"\\n"}{end}';
    const output = await this.kubectl(
      "get",
      "lease",
      "-l",
      `alpha.sharding.timebertt.dev/controllerring=${ring}`,
      "-o",
      `jsonpath=${path}`,
    );
    return new Map(
      output.trim().split("\n").filter((line) => line !== "").map((line): [string, string] => {
        const [name = "", state = ""] = line.split(" ");
        return [name, state];
      }),
    );
  }

  /** Last lines of everything, for the message of a failed test. */
  async report(): Promise<string> {
    const logs = this.#processes.map(({ name, lines }) => `--- ${name}\n${lines.slice(-40).join("\n")}\n`);
    return logs.join("") + await this.controlPlane.logs();
  }

  async #start(name: string, args: readonly string[]): Promise<Process> {
    const process = await Process.spawn(name, this.#program(args), {});
    this.#processes.push(process);
    return process;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const process of this.#processes) await process[Symbol.asyncDispose]();
    await this.balancer[Symbol.asyncDispose]();
    await this.controlPlane[Symbol.asyncDispose]();
  }
}

/** Starts a control plane and applies our manifests with kubectl, as the README says. */
export async function install(options: InstallOptions = {}): Promise<Installation> {
  const { manifests = ["crds", "rbac", "examples/checksum-controller"], flags = {}, program = mainCommand } = options;
  const now = Date.now();
  const authority = await createAuthority({ now });
  const serving = await issueServingCertificate(authority, { ipAddresses: ["127.0.0.1"], now });
  const controlPlane = await startControlPlane({ users: [sharderUser, shardUser], flags });
  const installation = new Installation(controlPlane, authority.certificate, program);
  try {
    await Deno.writeTextFile(join(controlPlane.folder, "tls.crt"), serving.certificate);
    await Deno.writeTextFile(join(controlPlane.folder, "tls.key"), serving.key, { mode: 0o600 });
    for (const folder of manifests) {
      if (folder === "namespace") await installation.kubectl("create", "namespace", "sharding-system");
      else await installation.applyFolder(folder);
    }
    return installation;
  } catch (error) {
    await installation[Symbol.asyncDispose]();
    throw error;
  }
}
