import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import type { ElectionTiming } from "../../../mod.ts";
import { install, type Installation, ring, sharderUser, shardUser } from "../../e2e/support/installation.ts";
import { mainCommand } from "../../e2e/support/process.ts";
import { freePorts } from "../../controlplane/ports.ts";
import { Member, type Role } from "./member.ts";

/** Namespace of the objects and of the shards' Leases. */
export const namespace = "default";

const shardProgram = fileURLToPath(new URL("../shard.ts", import.meta.url));

/** Ports for so many sharders at the same time: one more than there are, for a rolling restart. */
const webhookPorts = 3;

/** Settings of {@link Arena.start}. */
export interface ArenaOptions {
  readonly shards: number;
  readonly sharders: number;
  /** Of the Leases of the shards and of the leading sharder. */
  readonly timing: ElectionTiming;
  /** Where the logs go. */
  readonly folder: string;
  /** More flags of tests/chaos/shard.ts. @default none */
  readonly shardFlags?: readonly string[];
}

/** A real control plane, on which sharders and shards run as processes, each with a network of its own. */
export class Arena implements AsyncDisposable {
  readonly installation: Installation;
  readonly timing: ElectionTiming;
  readonly folder: string;
  /** Hear of every change of a member's state. */
  readonly listeners = new Set<(member: Member) => void>();
  readonly #members = new Map<string, Member>();
  readonly #shardFlags: readonly string[];
  #webhookPorts: readonly number[] = [];
  /** Those of them that no sharder has. */
  #freePorts: number[] = [];
  readonly #ports = new Map<string, number>();

  private constructor(installation: Installation, { timing, folder, shardFlags = [] }: ArenaOptions) {
    this.installation = installation;
    this.timing = timing;
    this.folder = folder;
    this.#shardFlags = shardFlags;
  }

  /** Starts everything. Does not wait until it works. */
  static async start(options: ArenaOptions): Promise<Arena> {
    // In etcd as JSON, so that the history can be read there: see history.ts.
    const flags = { "kube-apiserver": ["--storage-media-type=application/json"] };
    await using stack = new globalThis.AsyncDisposableStack();
    const installation = await install({ flags });
    const arena = stack.use(new Arena(installation, options));
    arena.#freePorts = freePorts(webhookPorts);
    arena.#webhookPorts = [...arena.#freePorts];
    installation.balancer.use(...arena.#webhookPorts);
    for (let n = 0; n < options.sharders; n++) await arena.add("sharder");
    for (let n = 0; n < options.shards; n++) await arena.add("shard");
    stack.move();
    return arena;
  }

  get members(): readonly Member[] {
    return [...this.#members.values()];
  }

  /** Those of one role which are to run. */
  of(role: Role): readonly Member[] {
    return this.members.filter((member) => member.role === role && member.isWanted);
  }

  /** The sharder that calls itself so. */
  sharderKnownAs(identity: string): Member | undefined {
    return this.of("sharder").find((member) => member.isKnownAs(identity));
  }

  /** Starts one more, under a name that nobody had before. */
  async add(role: Role): Promise<Member> {
    const { server } = this.installation.controlPlane;
    const number = this.members.filter((member) => member.role === role).length;
    const name = `${role}-${number}`;
    const command = (url: string): Promise<readonly string[]> =>
      role === "shard" ? this.#shardCommand(name, url) : this.#sharderCommand(name, url);
    const onState = (member: Member): void => {
      for (const listener of this.listeners) listener(member);
    };
    const member = new Member({ name, role, server, command, onState });
    this.#members.set(name, member);
    await member.start();
    return member;
  }

  /** The API server cannot reach any sharder until the result is disposed of. */
  withoutWebhook(): Disposable {
    const { balancer } = this.installation;
    balancer.use();
    return { [Symbol.dispose]: () => balancer.use(...this.#webhookPorts) };
  }

  /** Ends one for good. @returns its exit code */
  async remove(member: Member): Promise<number> {
    const code = await member.stop();
    await member[Symbol.asyncDispose]();
    const port = this.#ports.get(member.name);
    if (port !== undefined) this.#freePorts.push(port);
    this.#ports.delete(member.name);
    return code;
  }

  /** Appends what was printed since the last call to the logs. @param onLine hears each line first */
  async writeLogs(onLine: (member: Member, line: string) => void): Promise<void> {
    for (const member of this.members) {
      const lines = member.takeLines();
      if (lines.length === 0) continue;
      for (const line of lines) onLine(member, line);
      await Deno.writeTextFile(join(this.folder, `${member.name}.log`), `${lines.join("\n")}\n`, { append: true });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.members.map((member) => member[Symbol.asyncDispose]()));
    await this.writeLogs(() => {});
    await this.installation[Symbol.asyncDispose]();
  }

  async #shardCommand(name: string, url: string): Promise<readonly string[]> {
    const { leaseDuration, renewDeadline, retryPeriod } = this.timing;
    return [
      Deno.execPath(),
      "run",
      "--no-prompt",
      "--allow-net",
      "--allow-env",
      "--allow-read",
      "--allow-ffi",
      shardProgram,
      `--name=${name}`,
      `--ring=${ring}`,
      `--namespace=${namespace}`,
      `--kubeconfig=${await this.#kubeconfig(name, shardUser.name, url)}`,
      `--lease=${leaseDuration}`,
      `--deadline=${renewDeadline}`,
      `--retry=${retryPeriod}`,
      ...this.#shardFlags,
    ];
  }

  async #sharderCommand(name: string, url: string): Promise<readonly string[]> {
    const { balancer, controlPlane: { folder } } = this.installation;
    const port = this.#ports.get(name) ?? this.#freePorts.shift();
    if (port === undefined) throw new Error(`there is no port left for ${name}`);
    this.#ports.set(name, port);
    const duration = (milliseconds: number): string => `${milliseconds}ms`;
    const { leaseDuration, renewDeadline, retryPeriod } = this.timing;
    const config = {
      apiVersion: "config.sharding.timebertt.dev/v1alpha1",
      kind: "SharderConfig",
      leaderElection: {
        leaseDuration: duration(leaseDuration),
        renewDeadline: duration(renewDeadline),
        retryPeriod: duration(retryPeriod),
      },
      health: { bindAddress: "0" },
      metrics: { bindAddress: "0" },
      webhook: {
        // There are no files: the sharders issue their certificate themselves, as they usually do.
        server: { bindAddress: `127.0.0.1:${port}`, certDir: join(folder, "no-certificates") },
        config: { clientConfig: { url: `https://127.0.0.1:${balancer.port}/` } },
      },
    };
    const file = join(folder, `${name}.yaml`);
    await Deno.writeTextFile(file, stringify(config));
    const kubeconfig = await this.#kubeconfig(name, sharderUser.name, url);
    return mainCommand(["sharder", "--config", file, "--kubeconfig", kubeconfig, "--zap-devel"]);
  }

  /** A user's way in over a network of its own. */
  async #kubeconfig(name: string, user: string, url: string): Promise<string> {
    const { controlPlane } = this.installation;
    const path = join(controlPlane.folder, `${name}.kubeconfig`);
    const { kubeconfig } = controlPlane.user(user);
    await Deno.writeTextFile(path, kubeconfig.replaceAll(controlPlane.server, url), { mode: 0o600 });
    return path;
  }
}
