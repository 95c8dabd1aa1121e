import { ApiServer, type Fault, faults } from "../../../lib/apiserver/mod.ts";
import { Api } from "../../../lib/k8s/api/api.ts";
import type { RequestOptions } from "../../../lib/k8s/contract.ts";
import { secrets } from "../../../lib/k8s/kinds/core.ts";
import type { Target } from "../../../controllers/sharder/targets.ts";
import { VirtualClock } from "../../../lib/util/clock/mod.ts";
import { seededRandom } from "../../../lib/util/random.ts";
import { secretsOn } from "./targets.ts";

/** An API server, a person on it, and a connection on which things can go wrong. */
export class WatchedServer implements Disposable {
  readonly clock = new VirtualClock();
  readonly random = seededRandom(2);
  readonly server = new ApiServer({ clock: this.clock, random: seededRandom(1) });
  readonly api = new Api(this.server.client(), secrets, { namespace: "default" });
  readonly target: Target = secretsOn(
    this.server.client({ intercept: faults(this.clock, (request) => this.#faultOf(request)) }),
  );
  /** What goes wrong with requests of the target's connection. */
  fault: Fault = { type: "none" };
  /** What the target's user may not do. */
  readonly forbidden = new Set<"get" | "list" | "watch">();
  readonly #stop = new AbortController();

  /** Aborts at the end. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  async create(name: string, labels: Record<string, string> = {}): Promise<void> {
    await this.api.create({ metadata: { name, labels } });
  }

  async label(name: string, labels: Record<string, string | null>): Promise<void> {
    await this.api.patch(name, { type: "merge", patch: { metadata: { labels } } });
  }

  #faultOf({ method, path, querystring }: RequestOptions): Fault {
    if (method !== "GET") return this.fault;
    const isOne = /\/secrets\/[^/]+$/.test(path);
    const verb = isOne ? "get" : querystring?.get("watch") === "true" ? "watch" : "list";
    return this.forbidden.has(verb) ? { type: "status", code: 403 } : this.fault;
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
    this.server.close();
  }
}
