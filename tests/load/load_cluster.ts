import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import { clusterOf } from "../../commands/common/system_parts.ts";
import { Api } from "../../lib/k8s/api/api.ts";
import type { RestClient } from "../../lib/k8s/contract.ts";
import { denoHost, loadClusterAccess } from "../../lib/k8s/kubeconfig/mod.ts";
import { leases } from "../../lib/k8s/kinds/coordination.ts";
import { leaseRingLabel, shardLabel } from "../../lib/sharding/names.ts";
import { sleep, systemClock as clock } from "../../lib/util/clock/mod.ts";
import { formatMicroTime } from "../../lib/util/micro_time.ts";
import { systemRandom as random } from "../../lib/util/random.ts";
import type { ControlPlane } from "../controlplane/control_plane.ts";
import { freePorts } from "../controlplane/ports.ts";
import { eventually } from "../controlplane/processes.ts";
import { install, type Installation, ring } from "../e2e/support/installation.ts";
import { mainCommand, Process, type Program } from "../e2e/support/process.ts";
import type { ApiServer } from "./api_connection.ts";
import { labelOf } from "./label_of.ts";
import { createObjects, type CreateOptions, type Creation, secretOf } from "./create.ts";
import { shippedV8Flags } from "./shipped.ts";

/** A replica of the sharder that was started. Its ports and folder are the same whenever it is started again. */
export interface Sharder {
  readonly process: Process;
  /** Of its webhook, on loopback. */
  readonly port: number;
  /** URL that answers 200 as soon as it is ready. */
  readonly readyz: string;
  /** Milliseconds from right before its start to its first answer that it is ready; 0 unless that was waited for. */
  readonly readyAfter: number;
  /** URL of the ring's webhook. */
  readonly webhook: string;
}

/** Options of {@link LoadCluster.startSharder}. */
export interface SharderStart {
  /** Which replica; API servers only know the webhook of the first. @default {0} */
  readonly replica?: number;
  /** Fields of the configuration file that replace ours as a whole. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** What runs the command, for example within limits: it has the command as its arguments. @default nothing */
  readonly wrapper?: readonly string[];
  /** What runs our commands. @default {the cluster's} */
  readonly program?: Program;
  /** Flags of V8. @default {those of the manifests} */
  readonly v8Flags?: string;
  /** Wait until it is ready. @default {true} */
  readonly wait?: boolean;
}

/** A real control plane with our manifests, on which our processes run as a user would start them. */
export class LoadCluster implements AsyncDisposable {
  /** Name of the ring: Secrets with ConfigMaps, in namespace default. */
  readonly ring = ring;
  /** The administrator's: for what is not measured. */
  readonly client: RestClient;
  readonly controlPlane: ControlPlane;
  readonly #installation: Installation;
  readonly #program: Program;
  readonly #ports: readonly number[];
  readonly #processes: Process[] = [];

  /** @param program what runs our commands. */
  constructor(installation: Installation, client: RestClient, program: Program) {
    this.#installation = installation;
    this.#program = program;
    this.controlPlane = installation.controlPlane;
    this.client = client;
    this.#ports = freePorts(9);
  }

  /** How to reach the API server as administrator. */
  get server(): ApiServer {
    const { server, certificateAuthority, admin: { token } } = this.controlPlane;
    return { server, certificateAuthority, token };
  }

  /** Folder of the webhook's certificate `tls.crt`, its key `tls.key`, and whatever else is to go with the cluster. */
  get folder(): string {
    return this.controlPlane.folder;
  }

  /** Authority of the certificate of the webhooks, PEM. */
  get webhookAuthority(): string {
    return this.#installation.certificateAuthority;
  }

  /** Output of a kubectl that has to succeed; it runs as administrator. */
  async kubectl(...args: readonly string[]): Promise<string> {
    return await this.#installation.kubectl(...args);
  }

  /**
   * Starts a replica of the sharder, with the permissions and rights that deploy/ gives it, logs, metrics and all
   * defaults; only addresses and certificates are said.
   */
  async startSharder(options: SharderStart = {}): Promise<Sharder> {
    const { replica = 0, settings = {}, wrapper = [], wait = true, program = this.#program } = options;
    const v8Flags = options.v8Flags ?? await shippedV8Flags("sharder/deployment.yaml");
    const [port = 0, health = 0, metrics = 0] = this.#ports.slice(3 * replica, 3 * replica + 3);
    const url = `https://127.0.0.1:${port}`;
    const caBundle = btoa(this.#installation.certificateAuthority);
    const config = {
      apiVersion: "config.sharding.timebertt.dev/v1alpha1",
      kind: "SharderConfig",
      health: { bindAddress: `127.0.0.1:${health}` },
      metrics: { bindAddress: `127.0.0.1:${metrics}` },
      webhook: {
        server: { bindAddress: `127.0.0.1:${port}`, certDir: this.folder },
        config: { clientConfig: { url: `https://127.0.0.1:${this.#ports[0]}/`, caBundle } },
      },
      ...settings,
    };
    const file = join(this.folder, `sharder-${replica}.yaml`);
    await Deno.writeTextFile(file, stringify(config));
    const kubeconfig = this.controlPlane.user("system:serviceaccount:sharding-system:sharder").kubeconfigPath;
    const command = program(["sharder", "--config", file, "--kubeconfig", kubeconfig]);
    const begin = performance.now();
    const process = await Process.spawn(`sharder-${replica}`, [...wrapper, ...command], { DENO_V8_FLAGS: v8Flags });
    this.#processes.push(process);
    if (wait) await untilReady(process, health, begin + readyWithin);
    const readyAfter = wait ? performance.now() - begin : 0;
    const readyz = `http://127.0.0.1:${health}/readyz`;
    return { process, port, readyz, readyAfter, webhook: `${url}/webhooks/sharder/controllerring/${ring}` };
  }

  /** Starts a shard of our example, with the rights of its manifests. Does not wait until it is ready. */
  async startShard(name: string, args: readonly string[] = []): Promise<Process> {
    const kubeconfig = this.controlPlane.user("system:serviceaccount:default:checksum-controller").kubeconfigPath;
    const own = ["checksum-controller", "--shard-name", name, "--lease-namespace", "default"];
    const v8Flags = await shippedV8Flags("examples/checksum-controller/deployment.yaml");
    const command = this.#program([...own, "--kubeconfig", kubeconfig, ...args]);
    const process = await Process.spawn(name, command, { DENO_V8_FLAGS: v8Flags });
    this.#processes.push(process);
    return process;
  }

  /** Writes Leases such as shards write, which hold for an hour without being renewed. */
  async createFakeShards(names: readonly string[]): Promise<void> {
    const api = new Api(this.client, leases, { namespace: "default" });
    const now = formatMicroTime(clock.now());
    for (const name of names) {
      const metadata = { name, labels: { [leaseRingLabel]: ring } };
      const spec = { holderIdentity: name, leaseDurationSeconds: 3_600, acquireTime: now, renewTime: now };
      await api.create({ metadata, spec: { ...spec, leaseTransitions: 0 } });
    }
  }

  /** Removes Leases of shards. */
  async deleteLeases(names: readonly string[]): Promise<void> {
    const api = new Api(this.client, leases, { namespace: "default" });
    for (const name of names) await api.delete(name);
  }

  /** Waits until the ring's status counts so many available shards. */
  async whenAvailable(shards: number, signal: AbortSignal): Promise<void> {
    await eventually(`ring ${ring} counts ${shards} available shards`, async () => {
      signal.throwIfAborted();
      const args = ["get", "controllerring", ring, "-o", "jsonpath={.status.availableShards}"];
      return await this.kubectl(...args) === String(shards);
    }, 60_000);
  }

  /** Waits until API servers call the webhook: until a Secret that is only tried (dry run) gets its shard. */
  async whenAssigning(signal: AbortSignal): Promise<void> {
    const path = "/api/v1/namespaces/default/secrets";
    await eventually("Secrets are assigned at admission", async () => {
      signal.throwIfAborted();
      const bodyJson = { apiVersion: "v1", kind: "Secret", metadata: { name: "only-tried" } };
      const querystring = new URLSearchParams({ dryRun: "All" });
      const created = await this.client.performRequest({
        method: "POST",
        path,
        querystring,
        bodyJson,
        expectJson: true,
      });
      return labelOf(created, shardLabel(ring)) !== undefined;
    }, 60_000);
  }

  /** Creates objects at a steady concurrency, with little CPU of our own. */
  async create(options: CreateOptions): Promise<Creation> {
    return await createObjects(this.server, options);
  }

  /** Creates Secrets of 300 bytes, `<prefix>-0` and so on. */
  async createSecrets(
    options: Pick<CreateOptions, "count" | "concurrency" | "onCreated" | "signal"> & {
      readonly prefix: string;
      /** @default {"default"}, which the ring selects */
      readonly namespace?: string;
    },
  ): Promise<Creation> {
    const { prefix, namespace = "default", ...rest } = options;
    const path = `/api/v1/namespaces/${namespace}/secrets`;
    return await this.create({ ...rest, path, object: (index) => secretOf(`${prefix}-${index}`) });
  }

  /** Last lines of everything, for the message of a failure. */
  async report(): Promise<string> {
    const logs = this.#processes.map(({ name, lines }) => `--- ${name}\n${lines.slice(-20).join("\n")}\n`);
    return logs.join("") + await this.controlPlane.logs();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.close?.();
    for (const process of this.#processes) await process[Symbol.asyncDispose]();
    await this.#installation[Symbol.asyncDispose]();
  }
}

/** Milliseconds until a sharder has to be ready. */
const readyWithin = 60_000;

/**
 * Starts a control plane with our definition, roles, the example's ring, and the sharder's FlowSchema.
 * @param program what runs our commands: the sources, or the bundle that is shipped.
 */
export async function startLoadCluster(program: Program = mainCommand): Promise<LoadCluster> {
  const installation = await install();
  try {
    const flags = { kubeconfig: installation.controlPlane.kubeconfig };
    const access = await loadClusterAccess({ host: denoHost, clock, flags });
    await installation.kubectl(
      "apply",
      "-f",
      fileURLToPath(new URL("../../deploy/sharder/flow_schema.yaml", import.meta.url)),
    );
    const client = clusterOf(access, clock, random).open({ userAgent: "load" });
    return new LoadCluster(installation, client, program);
  } catch (error) {
    await installation[Symbol.asyncDispose]();
    throw error;
  }
}

/** Asks each millisecond, with little CPU, whether a sharder is ready. */
async function untilReady(process: Process, port: number, deadline: number): Promise<void> {
  while (!await answersReady(port)) {
    if (performance.now() > deadline) throw new Error(`${process.name} is not ready:\n${process.lines.join("\n")}`);
    await sleep(clock, 1);
  }
}

async function answersReady(port: number): Promise<boolean> {
  try {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    await connection.write(new TextEncoder().encode("GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    const answer = new Uint8Array(12);
    const read = await connection.read(answer);
    return read === answer.length && new TextDecoder().decode(answer) === "HTTP/1.1 200";
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused || error instanceof Deno.errors.ConnectionReset) return false;
    throw error;
  }
}
