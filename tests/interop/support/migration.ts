import assert from "node:assert/strict";
import { parse } from "yaml";
import { parseSharderConfig } from "../../../commands/sharder/config/sharder_config.ts";
import { runSharder } from "../../../commands/sharder/run.ts";
import type { Intercept } from "../../../lib/apiserver/mod.ts";
import type { RequestOptions } from "../../../lib/k8s/contract.ts";
import { mutatingWebhookConfigurations } from "../../../lib/k8s/kinds/admissionregistration.ts";
import { leases } from "../../../lib/k8s/kinds/coordination.ts";
import type { MutatingWebhookConfiguration } from "../../../lib/k8s/types.ts";
import { TestProcess } from "../../integration/processes.ts";
import type { Labels, World } from "../../integration/world.ts";
import { ReferenceSharder } from "./reference_sharder.ts";

/** The shards of the ring. */
export const shards = ["shard-a", "shard-b", "shard-c"];

/** A configuration file of the reference. @param ours lines that it does not know, for the part "sharder" */
function referenceConfig(url: string, ours: string): string {
  return `
apiVersion: config.sharding.timebertt.dev/v1alpha1
kind: SharderConfig
clientConnection:
  qps: 200
  burst: 300
leaderElection:
  leaderElect: true
controller:
  sharder:
    syncPeriod: 5m
    concurrentMoves: 100
${ours}webhook:
  config:
    annotations:
      cert-manager.io/inject-ca-from: sharding-system/webhook-server
    clientConfig:
      url: ${url}/
gracefulShutDown: 5s
`;
}

/** A ring as the reference's sharder leaves it: everything is in order, and it leads. */
export class Migration implements Disposable {
  readonly world: World;
  readonly reference: ReferenceSharder;
  /** Requests of our sharder that change something, but those for its own Lease. */
  readonly writes: string[] = [];
  names: readonly string[] = [];

  constructor(world: World) {
    this.world = world;
    this.reference = new ReferenceSharder(world);
  }

  /** Shards work, and objects belong to them, without that there ever was a sharder of ours. */
  async begin(): Promise<void> {
    const { world, reference } = this;
    await world.setUp();
    for (const shard of shards) world.startShard(shard);
    const exist = async (): Promise<boolean> => (await world.leases.list()).items.length === shards.length;
    await world.eventually("all shards have Leases", exist);
    this.names = Array.from({ length: 12 }, (_, index) => `foo-${index}`);
    for (const name of this.names) {
      await world.createSecret(name, { [world.shardLabel]: world.ownerAmong(shards, name) });
    }
    await world.eventually("shards have made the ConfigMaps", async () => {
      const made = await world.shardsOf(world.configMaps);
      return this.names.every((name) => made.has(`checksums-${name}`));
    });
    for (const name of this.names) {
      await reference.assign(world.configMaps, `checksums-${name}`, world.ownerAmong(shards, name));
    }
    for (const shard of shards) await reference.labelLease(shard);
    await reference.lead();
    await reference.reconcileRing(shards.length);
    await reference.injectAuthority();
  }

  /** Starts our sharder with the reference's configuration. */
  startOurs(lines = ""): TestProcess {
    const { stage, pace } = this.world;
    const { config, warnings } = parseSharderConfig(parse(referenceConfig(stage.clientConfig.url ?? "", lines)));
    assert.deepEqual(warnings, []);
    const intercept: Intercept = (request, next) => {
      this.#note(request);
      return next(request);
    };
    const context = { stage, pace, seed: 7, network: () => intercept };
    return new TestProcess("sharder-new", "sharder", context, (connect, signal) =>
      runSharder({
        config,
        identity: "sharder-new",
        clock: stage.clock,
        random: stage.random,
        connect: ({ userAgent }) => connect(userAgent),
        serveWebhook: (app, certificates) => stage.serveWebhook(app, certificates),
      }, signal));
  }

  #note({ method, path }: RequestOptions): void {
    const isOwnLease = path.endsWith("/namespaces/sharding-system/leases/sharder");
    const isReview = path.includes("/apis/authorization.k8s.io/");
    const isEvent = path.includes("/events");
    if (method !== "GET" && !isOwnLease && !isReview && !isEvent) this.writes.push(`${method} ${path}`);
  }

  /** Who leads. */
  async leader(): Promise<string> {
    const lease = await this.world.api(leases).inNamespace("sharding-system").find("sharder");
    return lease?.spec?.holderIdentity ?? "";
  }

  async configuration(): Promise<MutatingWebhookConfiguration> {
    return await this.world.api(mutatingWebhookConfigurations).get(`controllerring-${this.world.name}`);
  }

  /** Follows the labels of all objects. @returns tells which have changed since */
  async watchLabels(): Promise<() => readonly string[]> {
    const { world } = this;
    const logs: readonly Labels[] = [await world.labels(world.secrets), await world.labels(world.configMaps)];
    return () => logs.flatMap((log) => log.names.filter((name) => log.of(name).length > 1));
  }

  [Symbol.dispose](): void {
    this.reference[Symbol.dispose]();
  }
}
