import { Api } from "../../../lib/k8s/api/api.ts";
import type { RestClient } from "../../../lib/k8s/contract.ts";
import { leases } from "../../../lib/k8s/kinds/coordination.ts";
import { LeaderElector } from "../../../lib/runtime/election/mod.ts";
import type { LeadershipGate } from "../../../lib/runtime/manager.ts";
import { GuardedClient } from "../../../lib/shard/guarded_client.ts";
import { appName } from "../../../lib/sharding/names.ts";
import type { Clock } from "../../../lib/util/clock/mod.ts";
import type { RuntimeObservers } from "../diagnostics/observers.ts";
import type { SharderOptions } from "../options.ts";
import { leaderGate } from "./leader_gate.ts";

/** A replica's connections to the API server, and the gate that says when it may write as the leader. */
export class Connections implements Disposable {
  /** For what every replica does: it fills the caches, and writes the webhook's certificates. */
  readonly replica: RestClient;
  /** As `replica`, but it writes only while this replica leads. */
  readonly leader: RestClient;
  /** As `leader`, for Leases of shards: these never wait for writes of objects. */
  readonly leaderLeases: RestClient;
  /** For reviews of who may look at the metrics; undefined where there are none. */
  readonly reviews: RestClient | undefined;
  readonly gate: LeadershipGate | LeaderElector;
  readonly #leases: RestClient;

  constructor(options: SharderOptions, observers: RuntimeObservers) {
    const { config, connect, clock, metrics } = options;
    const { client: observed } = observers;
    this.replica = connect({ userAgent: appName, ...config.clientConnection, ...observed });
    // The leader's Lease and the take-overs of shards' Leases never wait for object writes.
    this.#leases = connect({ userAgent: `${appName}/leases`, ...observed });
    this.reviews = metrics && connect({ userAgent: `${appName}/reviews`, ...observed });
    this.gate = leaderGate(options, new Api(this.#leases, leases), observers);
    // A leader that was frozen goes on in the middle of a pass when it thaws, while another may lead already.
    this.leader = fenced(this.replica, this.gate, clock);
    this.leaderLeases = fenced(this.#leases, this.gate, clock);
  }

  [Symbol.dispose](): void {
    for (const client of [this.reviews, this.#leases, this.replica]) client?.[Symbol.dispose]();
  }
}

/** A client that writes only while this replica leads. Without an election it always does. */
function fenced(client: RestClient, gate: LeadershipGate | LeaderElector, clock: Clock): RestClient {
  if (!(gate instanceof LeaderElector)) return client;
  return new GuardedClient({ client, fence: gate, lease: gate.name, clock });
}
